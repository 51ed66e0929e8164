// One use of shadow: chooses queries, has their answers compared, and tells what comes of it.
import { addressOf, type FoundDifference, openServer, openUdpClient, type ShadowOutcome, trustSystemAuthorities } from 'ferrydns/built-in';
import { type AdminAccess, adminUse, openAdmin } from 'ferrydns/built-in/admin';
import {
  type Awaitable,
  type ExamineContext,
  type Handle,
  type Instance,
  isPromise,
  longestMatch,
  type Next,
  type Query,
  QueryClass,
  QueryType,
  Reply,
  type SetupContext,
  type StartContext,
  sharedState,
} from 'ferrydns/plugin';
import { Book, type Counts } from './book.ts';
import { Comparer } from './comparer.ts';
import type { ShadowNote } from './note.ts';
import type { Settings } from './options.ts';
import { shadows } from './pages.ts';

/** Milliseconds between two lines of the log, and between two words of a worker to the primary process. */
const summaryEvery = 60_000;
const tellEvery = 1000;

const noteState = sharedState<never, ShadowNote>('shadow notes');

export class Shadow implements Instance {
  readonly handle: Handle;
  private readonly chosen: Settings;
  private readonly context: SetupContext;
  private readonly count: (outcome: ShadowOutcome) => void;
  private readonly countKind: (kind: string) => void;
  private book = new Book();
  private accesses: readonly AdminAccess[] = [];
  private comparer: Comparer | undefined;
  /** What a worker has not told yet. */
  private untold: Partial<Record<ShadowOutcome, number>> = {};
  private note: (note: ShadowNote) => void = () => undefined;

  constructor(chosen: Settings, context: SetupContext) {
    this.chosen = chosen;
    this.context = context;
    const { metrics } = context;
    const queries = metrics.counter(
      'ferrydns_shadow_queries_total',
      'Queries that were chosen to be compared with another server, by what came of it.',
      ['outcome'],
    );
    const differences = metrics.counter('ferrydns_shadow_differences_total', 'Differences from another server, by what differs.', ['kind']);
    this.count = (outcome) => queries({ outcome }).add();
    this.countKind = (kind) => differences({ kind }).add();
    const { sample } = chosen;
    this.handle = (query, next) => {
      const reply = next(query);
      return Math.random() >= sample || !this.isMeant(query) ? reply : this.observe(query, next, reply);
    };
  }

  /** What was found goes on, where the same servers are asked. */
  adopt(previous: Instance): void {
    if (previous instanceof Shadow && String(previous.names) === String(this.names)) this.book = previous.book;
  }

  examine({ everywhere }: ExamineContext): void {
    const accesses = everywhere(adminUse).flatMap(({ access }) => (access === undefined ? [] : [access]));
    this.accesses = [...new Map(accesses.map((access) => [access.address, access])).values()];
  }

  /** It answers nothing. */
  foresee(): undefined {}

  start(context: StartContext): void {
    const { servers, timeout, ignored } = this.chosen;
    const { now } = this.context;
    if (servers.some(({ transport }) => transport !== 'dns')) trustSystemAuthorities();
    const client = openUdpClient();
    const remote = servers.map((server) => openServer(server, client));
    const state = context.share(noteState, { told: (note) => this.book.take(note) });
    this.note = context.server.primary ? (note) => this.book.take(note) : (note) => void state.tell(note);
    const outcome = (what: ShadowOutcome, found?: FoundDifference) => this.tell(what, found);
    this.comparer = new Comparer({ servers: remote, timeout, ignored, signal: context.signal, now, outcome });
    context.signal.addEventListener('abort', () => {
      for (const each of remote) each.close();
      client.close();
    });
    context.every(10_000, () => {
      for (const each of remote) each.sweep();
    });
    context.every(tellEvery, () => this.tellUntold());
    if (context.server.primary) this.report(context);
  }

  stop(): void {
    this.tellUntold();
  }

  private get names(): readonly string[] {
    return this.chosen.servers.map((server) => `${server.transport}://${addressOf(server)}`);
  }

  /** What no client has asked is not compared, nor what only this server can know. */
  private isMeant(query: Query): boolean {
    if (query.own || query.explained !== undefined || query.opcode !== 0 || query.classCode !== QueryClass.IN) return false;
    if (query.typeCode === QueryType.AXFR || query.typeCode === QueryType.IXFR) return false;
    const { except } = this.chosen;
    return except.length === 0 || longestMatch(query.name, except) === undefined;
  }

  private observe(query: Query, next: Next, reply: Awaitable<Reply>): Awaitable<Reply> {
    if (!isPromise(reply)) this.compare(query, next, reply);
    // Who waits for the answer is answered first, and hears of a failure from the chain alone.
    else reply.then((later) => this.compare(query, next, later)).catch(() => undefined);
    return reply;
  }

  private compare(query: Query, next: Next, reply: Reply): void {
    const { comparer } = this;
    if (comparer === undefined || reply === Reply.drop || !comparer.hasRoom) return;
    query.detach();
    comparer.compare({ query, reply, next });
  }

  private tell(outcome: ShadowOutcome, found?: FoundDifference): void {
    this.count(outcome);
    for (const { kind } of found?.differences ?? []) this.countKind(kind);
    if (found !== undefined) this.note({ outcomes: { [outcome]: 1 }, found });
    else this.untold[outcome] = (this.untold[outcome] ?? 0) + 1;
  }

  private tellUntold(): void {
    const { untold } = this;
    if (Object.keys(untold).length === 0) return;
    this.untold = {};
    this.note({ outcomes: untold });
  }

  private report(context: StartContext): void {
    const { book } = this;
    const { zones, log } = this.context;
    const { sample } = this.chosen;
    const member = { servers: this.names, zones, sample, book };
    const name = `${this.context.server} ${zones.join(' ')}`;
    for (const access of this.accesses) openAdmin(context, access, { collection: shadows, name, member });
    let before = book.counts;
    context.every(summaryEvery, () => {
      this.tellUntold();
      const line = summary(book.counts, before);
      before = book.counts;
      if (line !== undefined) log.info(`${this.names.join(' ')}: ${line}${lastOf(book)}`);
    });
  }
}

/** What came since; undefined where nothing did. */
function summary(now: Counts, before: Counts): string | undefined {
  const since = (outcome: ShadowOutcome) => now[outcome] - before[outcome];
  const [same, turns, different, unanswered, dropped] = [since('same'), since('turns'), since('different'), since('unanswered'), since('dropped')];
  if (same + turns + different + unanswered + dropped === 0) return undefined;
  return `${same + turns + different} answers compared, ${same} the same, ${turns} the same by turns, ${different} different; ${unanswered} unanswered, ${dropped} dropped`;
}

function lastOf({ differences: [last] }: Book): string {
  return last === undefined ? '' : `; the last difference: ${last.name} ${last.type} (${last.differences.map(({ kind }) => kind).join(', ')})`;
}
