// What is known of one upstream: how fast it has been, and whether it is up.
import { RemoteServer, type ServerAddress, type UpstreamState } from 'ferrydns/built-in';
import { type Logger, type SharedState, sharedState, type UdpClient } from 'ferrydns/plugin';
import { HealthCheck } from './health-check.ts';
import type { UpstreamMetrics } from './metrics.ts';
import type { Settings } from './settings.ts';

/** Queries in a row that an upstream may leave without a timely reply before others are asked first. */
const maxLate = 3;
/** Bounds, in milliseconds, of the time after which another upstream is asked as well. */
const minPatience = 50;
const maxPatience = 300;

/** Milliseconds from one time that a worker asks for a check to the next. */
const askInterval = 1000;
/** Milliseconds from one query that is sent to an avoided upstream for its health's sake to the next. */
const trialInterval = 1000;

/** The checks of an upstream that have failed in a row, by its address. */
interface CheckedHealth {
  readonly fails: number;
}

/** Of a worker: an upstream has replied to it, or is to be checked. */
interface HealthNote {
  readonly upstream: string;
  readonly replied: boolean;
}

/** How upstreams are, as the process that checks them says. */
export const healthState = sharedState<CheckedHealth, HealthNote>('health');

/** What is shared with the other processes, and whether this is the one that checks. */
export interface HealthDesk {
  readonly primary: boolean;
  readonly health: SharedState<CheckedHealth, HealthNote>;
}

export class Upstream {
  readonly server: RemoteServer;
  private readonly metrics: UpstreamMetrics;
  /** When something was heard from it last. */
  private heardAt = -1;
  private readonly settings: Settings;
  private readonly now: () => number;
  private readonly check: HealthCheck;
  private readonly desk: HealthDesk;
  /** When the primary process was asked for a check last. */
  private askedAt = Number.NEGATIVE_INFINITY;
  private triedAt = Number.NEGATIVE_INFINITY;
  /** Health checks that failed in a row. */
  private fails = 0;
  /** Queries without a timely reply since something was heard. */
  private late = 0;
  /** Smoothed time to a reply in milliseconds; 0 before the first. */
  private roundTrip = 0;
  private replies = 0;
  private failures = 0;

  constructor(server: ServerAddress, { settings, metrics, client, now, desk, log }: UpstreamContext) {
    this.desk = desk;
    this.settings = settings;
    this.metrics = metrics;
    this.now = now;
    this.server = new RemoteServer(server, { settings, client, counters: (protocol) => metrics.connections(protocol), now, log });
    this.check = new HealthCheck(this.server.channel(settings.forceTcp), settings, (healthy) => this.checked(healthy));
  }

  /** "HOST:PORT". */
  get address(): string {
    return this.server.address;
  }

  /** Too many health checks have failed. */
  get down(): boolean {
    return this.settings.maxFails > 0 && this.fails > this.settings.maxFails;
  }

  /** Nothing has come back of late, so that others are better asked first. */
  get silent(): boolean {
    return this.settings.maxFails > 0 && this.late >= maxLate;
  }

  /** What is known of its health, for people. */
  get health(): string {
    const edns = this.server.takesEdns ? '' : ', does not know EDNS';
    const speed = this.roundTrip > 0 ? `, replies in ${this.roundTrip.toFixed(1)} ms${edns}` : edns;
    if (this.down) return `down: ${this.fails} health checks have failed in a row`;
    if (this.silent) return `silent: ${this.late} queries in a row without a reply in time`;
    if (this.fails > 0) return `up, but ${this.fails} health checks have failed in a row${speed}`;
    return `${this.heardAt < 0 ? 'taken as up, no reply so far' : 'up'}${speed}`;
  }

  get state(): UpstreamState {
    const { address, health, replies, failures, roundTrip } = this;
    const up = this.down || this.silent ? false : this.heardAt < 0 && this.fails === 0 ? null : true;
    return { address, up, health, replies, failures, milliseconds: roundTrip > 0 ? roundTrip : null };
  }

  /** Milliseconds to wait for a reply before another upstream is asked as well. */
  get patience(): number {
    const wait = Math.min(maxPatience, Math.max(minPatience, 3 * this.roundTrip));
    // Timers of equal length share a list in Node.
    return Math.ceil(wait / 10) * 10;
  }

  start(): void {
    this.server.open();
    if (this.fails === 0) return;
    this.share();
    this.probe();
  }

  stop(): void {
    this.check.stop();
    this.server.close();
  }

  /** Takes over what the upstream it replaces has learned. */
  inherit(previous: Upstream): void {
    this.fails = previous.fails;
    this.late = previous.late;
    this.roundTrip = previous.roundTrip;
    this.replies = previous.replies;
    this.failures = previous.failures;
    this.server.inherit(previous.server);
  }

  /** A reply came to what was asked at that time. */
  replied(rcode: number, askedAt: number): void {
    this.replies++;
    this.heardAt = this.now();
    const milliseconds = this.heardAt - askedAt;
    this.late = 0;
    this.roundTrip = this.roundTrip === 0 ? milliseconds : this.roundTrip + (milliseconds - this.roundTrip) / 8;
    this.metrics.replied(rcode, milliseconds / 1000);
    if (this.fails > 0 || this.check.running) this.prove();
  }

  /** A reply is not here yet that another upstream would have given by now. */
  overdue(): void {
    this.late++;
    if (this.silent) this.probe();
  }

  /** What was asked at that time got no reply, or could not be sent. */
  failed(askedAt: number): void {
    this.failures++;
    // One that has replied to others meanwhile is alive: this query, or its datagram, was at fault.
    if (this.heardAt < askedAt) this.late = maxLate;
    this.probe();
  }

  /** Checks its health until it is well, unless that is going on already. */
  probe(): void {
    if (this.settings.maxFails === 0) return;
    if (this.desk.primary) this.check.run();
    else this.askForCheck();
  }

  /** Whether a query is to be sent to it for its health's sake: it is avoided, and a check has failed, of which it may just not think much. */
  wantsTrial(): boolean {
    const now = this.now();
    if (this.fails === 0 || !(this.down || this.silent) || now - this.triedAt < trialInterval) return false;
    this.triedAt = now;
    return true;
  }

  /** A worker wants a check, or got a reply. */
  told(replied: boolean): void {
    if (replied) this.prove();
    else this.probe();
  }

  /** So many checks have failed in a row. */
  learn(fails: number): void {
    this.fails = fails;
    if (fails > 0) return;
    this.late = 0;
    this.heardAt = this.now();
  }

  /** A reply to a query says more than any check: what checks have found, or are about to find, does not count. */
  private prove(): void {
    const { fails } = this;
    this.check.settle();
    this.learn(0);
    if (fails === 0) return;
    if (this.desk.primary) this.share();
    else this.desk.health.tell({ upstream: this.address, replied: true });
  }

  private askForCheck(): void {
    if (this.now() - this.askedAt < askInterval) return;
    this.askedAt = this.now();
    this.desk.health.tell({ upstream: this.address, replied: false });
  }

  private checked(healthy: boolean): void {
    if (!healthy) this.metrics.healthcheckFailures.add();
    this.learn(healthy ? 0 : this.fails + 1);
    this.share();
  }

  private share(): void {
    if (this.desk.primary) this.desk.health.set(this.address, { fails: this.fails });
  }
}

/** What an upstream needs of its forward. */
export interface UpstreamContext {
  readonly settings: Settings;
  readonly metrics: UpstreamMetrics;
  readonly client: UdpClient;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  readonly desk: HealthDesk;
  readonly log: Pick<Logger, 'info'>;
}
