// Checks an upstream that is in doubt until it replies.
import { type Channel, type Outstanding, randomId } from 'ferrydns/built-in';
import { makeQuery, type Query } from 'ferrydns/plugin';
import type { Settings } from './settings.ts';

/** Milliseconds until a health check has failed. */
const checkTimeout = 1000;

/** Asks again and again until there is a reply of any kind. */
export class HealthCheck {
  private readonly channel: Channel;
  private readonly settings: Settings;
  private readonly report: (healthy: boolean) => void;
  private readonly query: Query;
  /** Whether it is not known yet how the upstream is. */
  running = false;
  private stopped = false;
  private outstanding: Outstanding | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(channel: Channel, settings: Settings, report: (healthy: boolean) => void) {
    this.channel = channel;
    this.settings = settings;
    this.report = report;
    const client = { address: '', port: 0, family: 4, transport: 'udp', localAddress: '', localPort: 0 } as const;
    this.query = makeQuery({ name: settings.checkName, type: 'NS', recursionDesired: settings.checkRecursion, client, receivedAt: 0 });
  }

  run(): void {
    if (this.running || this.stopped) return;
    this.running = true;
    this.ask();
  }

  /** It is known by other means that the upstream is well. */
  settle(): void {
    this.running = false;
    clearTimeout(this.timer);
    this.outstanding?.close();
    this.outstanding = undefined;
  }

  stop(): void {
    this.stopped = true;
    this.settle();
  }

  private ask(): void {
    const id = randomId();
    this.timer = setTimeout(() => {
      this.outstanding?.close();
      this.failed();
    }, checkTimeout).unref();
    this.outstanding = this.channel.ask(this.query.toWire(id), {
      received: (message) => {
        // Any header is a sign of life, whatever it says.
        if (message.length < 12 || message.readUInt16BE(0) !== id) return false;
        this.succeeded();
        return true;
      },
      failed: () => this.failed(),
    });
  }

  private succeeded(): void {
    clearTimeout(this.timer);
    this.running = false;
    this.outstanding = undefined;
    if (!this.stopped) this.report(true);
  }

  private failed(): void {
    clearTimeout(this.timer);
    if (this.stopped) return;
    this.outstanding = undefined;
    this.report(false);
    this.timer = setTimeout(() => this.ask(), this.settings.checkInterval).unref();
  }
}
