// Asks two servers the same questions at a rate that does not hurt them, those again whose answers differ.
import { setTimeout as pause } from 'node:timers/promises';
import { askServer, openServer } from '../client/ask-server.ts';
import { maxUdpSize } from '../client/message.ts';
import type { RemoteServer } from '../client/remote-server.ts';
import type { ServerAddress } from '../client/server-address.ts';
import type { DifferenceKind } from '../comparison/reply-differences.ts';
import { judgeRounds, type Round, type Said, type Verdict } from '../comparison/rounds.ts';
import { messageOf } from '../config/error.ts';
import { makeQuery, ownClient } from '../dns/own-query.ts';
import { trustSystemAuthorities } from '../transport/authorities.ts';
import { openUdpClient } from '../transport/udp-client.ts';
import type { UdpClient } from '../transport/udp-socket.ts';
import type { FileQuestion } from './question-file.ts';

/** Milliseconds between two rounds of a question, so that a cache's TTL is seen to move. */
const betweenRounds = 1100;

/** Questions that are compared at once while others are followed; and for how many milliseconds one that was compared is not compared again, and how many of those are known. */
const mostAtOnce = 256;
const knownFor = 60_000;
const mostKnown = 20_000;

/** What is compared, and how. */
export interface ComparisonSettings {
  readonly servers: readonly [ServerAddress, ServerAddress];
  /** Questions a second. */
  readonly rate: number;
  readonly rounds: number;
  /** Milliseconds. */
  readonly timeout: number;
  readonly ignored: ReadonlySet<DifferenceKind>;
}

export interface Compared {
  readonly question: FileQuestion;
  readonly verdict: Verdict;
}

export class Comparison {
  private readonly compared: ComparisonSettings;
  private readonly client: UdpClient = openUdpClient();
  private readonly servers: readonly RemoteServer[];
  /** When the next question may leave, on the clock of {@link performance.now}. */
  private nextAt = 0;

  constructor(compared: ComparisonSettings) {
    this.compared = compared;
    if (compared.servers.some(({ transport }) => transport !== 'dns')) trustSystemAuthorities();
    this.servers = compared.servers.map((address) => openServer(address, this.client));
  }

  /** In the order of the questions. A server that is dead, slow or lies makes differences, no failure. */
  async run(questions: readonly FileQuestion[]): Promise<readonly Compared[]> {
    const { rounds, ignored } = this.compared;
    const asked = questions.map((question) => ({ question, rounds: [] as Round[] }));
    try {
      let left = asked;
      for (let round = 0; round < rounds && left.length > 0; round++) {
        if (round > 0) await pause(betweenRounds);
        await this.askAll(left);
        if (round === 0) left = left.filter((each) => judgeRounds(each.rounds, ignored).state !== 'same');
      }
    } finally {
      this.close();
    }
    return asked.map((each) => ({ question: each.question, verdict: judgeRounds(each.rounds, ignored) }));
  }

  /** Compares questions as they come, each once a minute at most, and tells what comes of each. Resolves when they have ended. */
  async follow(questions: AsyncIterable<FileQuestion>, tell: (compared: Compared) => void): Promise<void> {
    const known = new Map<string, number>();
    const asked = new Set<Promise<void>>();
    try {
      for await (const question of questions) {
        if (!isNew(question, known)) continue;
        if (asked.size >= mostAtOnce) await Promise.race(asked);
        await this.turn();
        const one = this.askUntilAlike(question).then((verdict) => {
          asked.delete(one);
          tell({ question, verdict });
        });
        asked.add(one);
      }
      await Promise.all(asked);
    } finally {
      this.close();
    }
  }

  private async askUntilAlike(question: FileQuestion): Promise<Verdict> {
    const { rounds, ignored } = this.compared;
    const seen: Round[] = [];
    for (let round = 0; round < rounds; round++) {
      if (round > 0) await pause(betweenRounds);
      seen.push(await this.askBoth(question));
      if (judgeRounds(seen, ignored).state === 'same') break;
    }
    return judgeRounds(seen, ignored);
  }

  private close(): void {
    for (const server of this.servers) server.close();
    this.client.close();
  }

  private async askAll(asked: readonly { readonly question: FileQuestion; readonly rounds: Round[] }[]): Promise<void> {
    const answers: Promise<void>[] = [];
    for (const { question, rounds } of asked) {
      await this.turn();
      answers.push(this.askBoth(question).then((round) => void rounds.push(round)));
    }
    await Promise.all(answers);
  }

  /** Resolves when the next question may leave. */
  private async turn(): Promise<void> {
    const now = performance.now();
    this.nextAt = Math.max(this.nextAt, now) + 1000 / this.compared.rate;
    if (this.nextAt > now + 1) await pause(this.nextAt - now);
  }

  private async askBoth({ name, type }: FileQuestion): Promise<Round> {
    const query = makeQuery({ name, type, client: ownClient, receivedAt: 0 }).with({ udpSize: maxUdpSize });
    const [a, b] = await Promise.all(
      this.servers.map(
        (server): Promise<Said> =>
          askServer(server, query, this.compared.timeout).then(
            (reply) => ({ reply }),
            (error: unknown) => ({ failure: messageOf(error) }),
          ),
      ),
    );
    return { a: a as Said, b: b as Said };
  }
}

function isNew({ name, type }: FileQuestion, known: Map<string, number>): boolean {
  const key = `${name} ${type}`;
  const now = performance.now();
  if (now - (known.get(key) ?? Number.NEGATIVE_INFINITY) < knownFor) return false;
  known.delete(key);
  known.set(key, now);
  const [oldest] = known.keys();
  if (known.size > mostKnown && oldest !== undefined) known.delete(oldest);
  return true;
}
