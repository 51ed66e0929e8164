// Events of the cluster say to a team what has become of its plan. Several servers say the same: an event is called by what it says, so that it is there once.
import { createHash } from 'node:crypto';
import { type Logger, messageOf } from 'ferrydns/plugin';
import type { PlanText } from './plan-text.ts';

export interface PlanEvent {
  readonly about: PlanText;
  /** One word, as "PlanRefused". */
  readonly reason: string;
  readonly message: string;
  readonly isWarning: boolean;
}

/** Events that may leave at once; one more each second. */
const burst = 20;
const perSecond = 1;
/** Events that wait; those beyond are left out. */
const mostWaiting = 100;
/** Characters of a message that the API takes. */
const longest = 1000;
/** Milliseconds for which the same trouble is not logged again. */
const silence = 60_000;

export interface EventsOptions {
  readonly log: Logger;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  readonly replica: string;
  post(namespace: string, event: object): Promise<void>;
}

export class Events {
  private readonly options: EventsOptions;
  private waiting: PlanEvent[] = [];
  private tokens = burst;
  private filledAt: number;
  private busy = false;
  private said = { text: '', at: Number.NEGATIVE_INFINITY };

  constructor(options: EventsOptions) {
    this.options = options;
    this.filledAt = options.now();
  }

  tell(event: PlanEvent): void {
    if (this.waiting.length >= mostWaiting) this.complain(`more than ${mostWaiting} events wait: some are left out`);
    else this.waiting.push(event);
  }

  /** Time has passed: sends what may be sent. */
  tick(): void {
    const now = this.options.now();
    this.tokens = Math.min(burst, this.tokens + ((now - this.filledAt) / 1000) * perSecond);
    this.filledAt = now;
    if (this.busy || this.waiting.length === 0 || this.tokens < 1) return;
    this.busy = true;
    void this.send().finally(() => {
      this.busy = false;
    });
  }

  /** What could not be sent is left out: an event is no promise. */
  private async send(): Promise<void> {
    const count = Math.floor(this.tokens);
    const leaving = this.waiting.splice(0, count);
    this.tokens -= leaving.length;
    for (const event of leaving) {
      try {
        await this.options.post(event.about.namespace, eventObject(event, this.options.replica));
      } catch (error) {
        this.complain(messageOf(error));
      }
    }
  }

  private complain(text: string): void {
    const now = this.options.now();
    if (text === this.said.text && now - this.said.at < silence) return;
    this.said = { text, at: now };
    this.options.log.warn(text);
  }
}

function eventObject({ about, reason, message, isWarning }: PlanEvent, replica: string): object {
  const { namespace, configMap, key, uid } = about;
  const hash = createHash('sha256')
    .update(JSON.stringify([uid, key, reason, message]))
    .digest('hex')
    .slice(0, 16);
  const at = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${configMap.slice(0, 200)}.${hash}`, namespace },
    involvedObject: { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: configMap, uid, fieldPath: `data[${key}]` },
    reason,
    message: message.slice(0, longest),
    type: isWarning ? 'Warning' : 'Normal',
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
    source: { component: 'ferrydns', host: replica },
    reportingComponent: 'ferrydns',
    reportingInstance: replica,
  };
}
