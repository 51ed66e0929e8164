// What a parity case is: a Corefile, scripted upstreams and exchanges. The recording of CoreDNS says what must come out.
//
// Placeholders in Corefiles, files, queries and HTTP steps:
//   {{PORT}} {{PORT2}} {{HTTP}} {{HTTP2}}  free ports of 127.0.0.1
//   {{UP1}} {{UP2}} …                      address:port of the scripted upstreams, in the order of `upstreams`
//   {{API}}                                address:port of the played API server of a cluster
//   {{DIR}}                                the folder with `files`
import type { KubernetesObject } from '../support/kubernetes.ts';
import type { Script } from '../support/upstream.ts';

/** A difference that ferrydns keeps on purpose: `id` must be found in docs/from-coredns.md, `instead` is what ferrydns does. */
export interface Deviation {
  readonly id: string;
  readonly instead: Partial<Observation> | ((recorded: Observation) => Partial<Observation>);
}

interface StepOptions {
  readonly deviation?: Deviation;
  /** Milliseconds until silence is taken for an answer; 3000 unless given. */
  readonly timeout?: number;
  /** How much of the order of the answer is compared: `any` (default), `types` (the sequence of types) or `exact`. */
  readonly order?: 'any' | 'types' | 'exact';
  /** Asks again, every 50 ms, until the observation (as JSON) matches. */
  readonly until?: RegExp;
  readonly port?: 'PORT' | 'PORT2';
}
/** A query in words (see parseAsk in test/support/message.ts). */
export interface AskStep extends StepOptions {
  readonly ask: string;
}
/** Exact bytes; the first two are the id. */
export interface RawStep extends StepOptions {
  readonly raw: string;
  readonly transport?: 'udp' | 'tcp';
  /** What the bytes are, for readers. */
  readonly note: string;
}
/** Asks often and compares shares: of the first address in the answer, of the whole answer's data, or of the upstreams that were asked. */
export interface TallyStep extends StepOptions {
  readonly tally: string;
  readonly of: 'first address' | 'addresses' | 'upstream' | 'rcode';
  readonly times?: number;
}
/** Several questions at once, each on a socket of its own; the observations are sorted. */
export interface TogetherStep extends StepOptions {
  readonly together: readonly string[];
}
/** `GET`; of the body only the lines that match `keep` are compared. */
export interface HttpStep extends StepOptions {
  readonly http: string;
  readonly keep?: RegExp;
}
interface PauseStep extends StepOptions {
  readonly pause: number;
}
/** Writes a file of the case, `Corefile` included. */
interface WriteStep extends StepOptions {
  readonly write: string;
  readonly content: string;
}
/** Takes an upstream (counted from 1) off the net, or puts it back at the same port. */
interface SwitchStep extends StepOptions {
  readonly upstream: number;
  readonly on: boolean;
}
export type Step = string | AskStep | RawStep | TallyStep | TogetherStep | HttpStep | PauseStep | WriteStep | SwitchStep;

interface Common {
  readonly name: string;
  readonly corefile: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}
/** Which lines of standard output count; `distinct`: how often the same line comes does not. */
interface OutputRules {
  readonly keep: RegExp;
  readonly mask?: readonly (readonly [RegExp, string])[];
  readonly distinct?: boolean;
  readonly deviation?: Deviation;
}
/** Exchanges with a server that has started. */
export interface ExchangeCase extends Common {
  readonly upstreams?: readonly Script[];
  /** What the API server of the cluster holds, at http://{{API}}. */
  readonly cluster?: readonly KubernetesObject[];
  readonly steps: readonly Step[];
  readonly order?: StepOptions['order'];
  /** Work goes on after the reply (prefetch, refresh of stale data): waits a little before it looks what the upstreams were asked. */
  readonly background?: boolean;
  /** Lines of standard output that match are compared too, after masking. */
  readonly output?: OutputRules;
}
/** A Corefile that must be accepted, or refused at the recorded line. */
export interface LoadCase extends Common {
  readonly load: true;
  /** A piece of CoreDNS's message that ferrydns's message must have too, letter case aside. */
  readonly says?: string;
  readonly deviation?: Deviation;
}
export type ParityCase = ExchangeCase | LoadCase;

/** What came out of a step, as text; absent fields do not apply. */
export interface Observation {
  readonly step?: string;
  /** `NOERROR aa rd ra`, or `no reply`. */
  readonly reply?: string;
  readonly opcode?: number;
  readonly question?: string;
  readonly answer?: readonly string[];
  readonly authority?: readonly string[];
  readonly additional?: readonly string[];
  /** `version 0, size 1232, do, option 10:0011`, or `none`. */
  readonly opt?: string;
  /** What each upstream was asked, by its number. */
  readonly asked?: Readonly<Record<string, readonly string[]>>;
  /** For readers only, never compared: message size and whether names were compressed. */
  readonly wire?: string;
  readonly shares?: Readonly<Record<string, number>>;
  readonly status?: number;
  readonly body?: readonly string[];
  readonly together?: readonly Observation[];
  readonly accepted?: boolean;
  readonly line?: number;
  readonly message?: string;
}
/** Everything recorded about a case. */
export interface Recording {
  readonly load?: Observation;
  readonly steps?: readonly Observation[];
  readonly output?: readonly string[];
}

/** A query whose answer ferrydns spells as the client did, where CoreDNS answers in lower case. */
export function spelled(ask: string): AskStep {
  const asked = `${ask.split(' ')[0]}.`;
  const owner = (line: string): string => (line.toLowerCase().startsWith(`${asked.toLowerCase()} `) ? asked + line.slice(asked.length) : line);
  const instead = ({ answer = [], additional = [] }: Observation): Partial<Observation> => ({
    answer: answer.map(owner),
    additional: additional.map(owner),
  });
  return { ask, deviation: { id: 'owner-case', instead } };
}

/** A question whose answer CoreDNS gives with records that are there twice. */
export function once(ask: string): AskStep {
  return { ask, deviation: { id: 'record-twice', instead: ({ answer = [] }) => ({ answer: [...new Set(answer)] }) } };
}

/** Takes the shared indentation off a Corefile that is written inside a case. */
export function corefile(strings: TemplateStringsArray, ...values: readonly string[]): string {
  const text = String.raw(strings, ...values)
    .replace(/^\n/, '')
    .trimEnd();
  const indent = Math.min(
    ...text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => line.search(/\S/)),
  );
  return `${text
    .split('\n')
    .map((line) => line.slice(indent))
    .join('\n')}\n`;
}
