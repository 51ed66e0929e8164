// Those behind the plugin from whom an answer for a moved name may come, each asked by itself, and how often each has drawn its answer anew.
import type { UpstreamService } from 'ferrydns/built-in';
import { type MovedName, migration } from 'ferrydns/built-in/moves';
import { EdnsOption, type Query, type Reply } from 'ferrydns/plugin';
import { empty, failed, ofTypes, type Sighting, together } from './sighting.ts';
import type { ZoneServers } from './zone-servers.ts';

/** Rounds without an answer after which one of them counts as silent. */
const silentAfter = 3;
/** "Stale Answer" (RFC 8914 section 4.4): what a cache shows for longer than it should is no draw. */
const staleAnswer = 3;

/** What became of one question. */
export interface Asked {
  readonly sighting: Sighting;
  readonly reply: Reply | undefined;
}

export interface SourcesOptions {
  readonly services: readonly UpstreamService[];
  readonly zone: ZoneServers;
  readonly now: () => number;
  questionsOf(): readonly { readonly moved: MovedName; readonly type: string }[];
  /** Asks the plugins behind, past caches; `aim` is shown the query before. */
  ask(moved: MovedName, type: string, aim: (query: Query) => void): Promise<Asked>;
  judge(moved: MovedName, reply: Reply): Sighting;
}

interface Question {
  readonly moved: MovedName;
  readonly type: string;
}

export class Sources {
  private readonly options: SourcesOptions;
  private draws = new migration.Draws();
  /** Rounds in a row in which somebody did not answer. */
  private readonly failures = new Map<string, number>();

  constructor(options: SourcesOptions) {
    this.options = options;
  }

  /** Those that do not answer. */
  get missing(): readonly string[] {
    return [...this.failures].flatMap(([source, count]) => (count >= silentAfter ? [source] : []));
  }

  /** What was drawn before the move is over tells nothing of what comes after it. */
  restart(): void {
    this.draws = new migration.Draws();
    this.failures.clear();
  }

  /** A reload that leaves everybody in place does not begin anew. */
  inherit(before: Sources): void {
    if (before.place === this.place) this.draws = before.draws;
  }

  private get place(): string {
    return this.options.services.flatMap((service) => service.upstreams()).join();
  }

  drawn(least: number): migration.Drawn {
    return this.draws.drawn(least);
  }

  /** Asks everyone for everything once. What one did not answer says nothing of what the others show. */
  async round(): Promise<Sighting> {
    const { services } = this.options;
    const upstreams = services.flatMap((service) => service.upstreams().map((upstream) => ({ service, upstream })));
    const here = new Set<string>();
    const asked = upstreams.length === 0 ? [this.askHere(here)] : upstreams.map(({ service, upstream }) => this.askUpstream(service, upstream, here));
    const all = (await Promise.all([...asked, this.askZone()])).filter((each) => each !== undefined);
    const answered = all.filter((each) => !each.failed);
    return answered.length === 0 ? failed : together(answered);
  }

  private async askHere(here: Set<string>): Promise<Sighting> {
    return this.overAll(undefined, (question) => this.askOne(question, { source: undefined, here }));
  }

  private async askUpstream(service: UpstreamService, upstream: string, here: Set<string>): Promise<Sighting> {
    return this.overAll(upstream, (question) => this.askOne(question, { source: { service, upstream }, here }));
  }

  private async overAll(source: string | undefined, ask: (question: Question) => Promise<Sighting>): Promise<Sighting> {
    const byName = Map.groupBy(this.options.questionsOf(), ({ moved }) => moved);
    const names = await Promise.all([...byName.values()].map(async (questions) => ofTypes(await Promise.all(questions.map(ask)))));
    const sighting = together(names);
    if (source !== undefined) this.failures.set(source, sighting.failed ? (this.failures.get(source) ?? 0) + 1 : 0);
    return sighting;
  }

  private async askOne(
    { moved, type }: Question,
    { source, here }: { readonly source: { readonly service: UpstreamService; readonly upstream: string } | undefined; readonly here: Set<string> },
  ): Promise<Sighting> {
    const { now } = this.options;
    const askedAt = now();
    let passage: { readonly met: boolean } | undefined;
    const { sighting, reply } = await this.options.ask(moved, type, (query) => {
      passage = source?.service.only(query, source.upstream);
    });
    if (reply === undefined || sighting.failed || sighting === empty || isStale(reply)) return sighting;
    const question = `${moved.name} ${type}`;
    const upstream = passage?.met === true ? source?.upstream : undefined;
    // Somebody in front has answered: the same one, whoever was to be asked.
    if (upstream === undefined && here.has(question)) return sighting;
    if (upstream === undefined) here.add(question);
    const authoritative = upstream === undefined && reply.authoritative;
    this.draws.note({ source: upstream ?? 'here', question, ...sighting, askedAt, heardAt: now(), authoritative });
    return sighting;
  }

  /** Only where all servers of the zone were reached, B in their answers is a draw: one that is not may still say A. */
  private async askZone(): Promise<Sighting | undefined> {
    const { zone, now, questionsOf } = this.options;
    const found = await Promise.all(
      questionsOf().map(async ({ moved, type }) => {
        const askedAt = now();
        const { answers, whole } = await zone.ask(moved.name, type);
        const seen = answers.map(({ server, reply }) => ({ server, sighting: this.options.judge(moved, reply) }));
        // A server that follows no alias to another zone shows neither A nor B.
        const telling = seen.filter(({ sighting }) => sighting.shows !== 'nothing');
        for (const { server, sighting } of telling) {
          if (!whole && sighting.shows === 'to') continue;
          this.draws.note({ source: `zone ${server}`, question: `${moved.name} ${type}`, ...sighting, askedAt, heardAt: now(), authoritative: true });
        }
        return telling.map(({ sighting }) => sighting);
      }),
    );
    const telling = found.flat();
    return telling.length === 0 ? undefined : together(telling);
  }
}

function isStale({ options }: Reply): boolean {
  return options.some(({ code, data }) => code === EdnsOption.EDE && data.length >= 2 && ((data[0] ?? 0) << 8) + (data[1] ?? 0) === staleAnswer);
}
