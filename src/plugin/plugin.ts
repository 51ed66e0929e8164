// The contract between the server and a plugin: what a plugin is, what it is given, and when.
import type { Place } from '../config/error.ts';
import type { Word } from '../config/tree.ts';
import type { WatchedFile } from '../config/watched-file.ts';
import type { Route } from '../dns/client.ts';
import type { Name } from '../dns/name.ts';
import type { Network } from '../dns/network.ts';
import type { Query } from '../dns/query.ts';
import type { Reply } from '../dns/reply.ts';
import type { Logger } from '../log/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Plan } from '../migration/plan.ts';
import type { ProxySettings } from '../transport/proxy-settings.ts';
import type { Limits, Timeouts, TlsSettings } from '../transport/stream-settings.ts';
import type { ListenerTransport } from '../transport/transports.ts';
import type { Awaitable } from './awaitable.ts';
import type { Capability, Provided } from './capability.ts';
import type { CheckedConfiguration, CheckedPlan } from './check-apart.ts';
import type { Explanation, Question } from './explanation.ts';
import type { Outlook, RecentQuestion } from './outlook.ts';
import type { ReloadOutcomes } from './reload-guard.ts';
import type { SharedState, StateKey, StateListener } from './shared-state.ts';
import type { WireStep } from './wire-step.ts';

/** The rest of the chain, bound once when the chain is built. It is a function of the query alone: call it never, once or twice. */
export type Next = (query: Query) => Awaitable<Reply>;

/** Answers a query, changes it or its reply, or passes it on. */
export type Handle = (query: Query, next: Next) => Awaitable<Reply>;

/** For `setup`: knows the configuration and touches nothing outside the process but the files that the configuration names. */
export interface SetupContext {
  /** The zones of the server block. */
  readonly zones: readonly Name[];
  /** The first listener of the server block, as "dns://:53". */
  readonly server: string;
  /** The port of that listener; 0 when the system is to choose one. */
  readonly port: number;
  readonly log: Logger;
  /** The same log without the plugin's name in front, for lines whose form is the user's. */
  readonly plainLog: Logger;
  /** Logs one object as a line of JSON, with the time in front, whatever the form of the other lines. */
  logObject(fields: Readonly<Record<string, unknown>>): void;
  /** Logs a line as it stands, whatever the form of the other lines. */
  logLine(line: string): void;
  readonly metrics: Metrics;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  /** Octets of memory that this process may take; Infinity where nobody says. */
  readonly memoryLimit: number;
  /** The absolute path of a file that the configuration names: relative ones start at the block's `root`, else at the working directory. */
  path(file: string): string;
  /**
   * Reads such a file: a certificate, a plan. Throws the system's error. `reload` loads the configuration again when one of them has changed; for a
   * file that can change without that, see {@link StartContext.watch}.
   */
  read(file: string): Buffer;
  /** Refuses the configuration; the error points at the word or option given, else at the directive. */
  fail(message: string, at?: Word | string): never;
  /** Says at start what is odd about the configuration. */
  warn(message: string, at?: Word | string): void;
  /** Makes known the text of a file that the configuration names, so that problems with a place in it show the line. */
  source(file: string, text: string): void;
}

/** For `examine`: every instance of the configuration is set up, and none is started. */
export interface ExamineContext {
  /** Whether the configuration is checked only: what `start` would come upon outside is to be looked at, and left as it is. */
  readonly checking: boolean;
  /** What other plugins of the server block provide. */
  peers<T>(capability: Capability<T>): readonly T[];
  /** What plugins provide in all server blocks, in the order of the blocks. */
  everywhere<T>(capability: Capability<T>): readonly T[];
  /** Every way by which queries for a name are answered, for every type but DS. */
  ways(name: Name): readonly Way[];
}

/** A server block that is served. */
export interface ServedBlock {
  /** Where it begins. */
  readonly place: Place;
  /** Where its queries come from: one for each listener and zone. */
  readonly routes: readonly Route[];
  /** What is used in it, in the order of the chain. */
  readonly uses: Way['uses'];
}

/** The configuration that an instance is of, as it was read. */
export interface ReadConfiguration {
  /** How places name it. */
  readonly file: string;
  /** The text of each file that it consists of, by the name that places use. */
  readonly sources: ReadonlyMap<string, string>;
  /** What is odd about it, as "FILE:LINE - MESSAGE". */
  readonly warnings: readonly string[];
  readonly blocks: readonly ServedBlock[];
}

/** A listener, and a server block that answers there. */
export interface Way {
  /** As "dns://:53". */
  readonly server: string;
  readonly zone: string;
  /** Where the server block begins. */
  readonly place: Place;
  /** What is used in the block, in the order of the chain. */
  readonly uses: readonly { readonly plugin: { readonly name: string }; readonly place: Place; readonly instance: Instance }[];
}

/** For `start`: every chain is complete, the outside world may be touched. */
export interface StartContext {
  /** Aborts when the instance is stopped. The same object for all instances of a configuration. */
  readonly signal: AbortSignal;
  readonly server: ServerControl;
  /** Where the server block is served, as metrics name it: one for each listener and zone. */
  readonly routes: readonly Route[];
  /** The plugins of the server block that its queries pass, in the order of the chain. */
  readonly handlers: readonly string[];
  /**
   * Asks this server again, from the top: zone match, views and the whole chain. `cause` is the query whose answer leads there, as by an alias. Throws a
   * QueryError when a way leads back to where it has been, and when one query makes the server ask itself without end.
   */
  resolve(query: Query, cause?: Query): Awaitable<Reply>;
  /** Answers a question that no client has asked, and says how the answer came about. Rejects when the question names a listener that is not there. */
  explain(question: Question): Promise<Explanation>;
  /** What another configuration would change, which is set up, asked and dropped; for the primary process. Rejects with ConfigErrors where it is refused. */
  lookAhead(other: { readonly text: string; readonly file?: string | undefined; readonly questions: readonly RecentQuestion[] }): Promise<Outlook>;
  /** What other plugins of the server block provide; never their modules. */
  peers<T>(capability: Capability<T>): readonly T[];
  /**
   * Shares a state with the instances in the place of this one in the other processes of the server: the primary one (see
   * {@link ServerControl.primary}) writes it, the others have a copy and tell the primary what it is to know. Called in `start`. A worker answers when
   * it has all that was set before: in `start` of the primary one, or until the worker was started or replaced. At a reload a new state begins.
   * Throws an Error when it is called after `start`, or twice for one key.
   */
  share<V, N>(key: StateKey<V, N>, listener?: StateListener<V, N>): SharedState<V, N>;
  /**
   * Answers requests for `path`, whatever their method, on a shared HTTP listener, which lives on through reloads. A path that ends with "/" stands for
   * all below it that nobody else serves. `address` is "HOST:PORT", ":PORT" or "unix:PATH", a socket file for the owner of the process alone. Throws an
   * Error when another plugin has the path, or what is served at the address does not agree on TLS.
   */
  serve(address: string, path: string, respond: (request: HttpRequest) => Awaitable<HttpResponse>, service?: HttpService): void;
  /** Runs `task` each time `milliseconds` have passed, until the instance is stopped; an error is logged and does not end it. */
  every(milliseconds: number, task: () => Awaitable<void>): void;
  /**
   * Looks at a file each time `milliseconds` have passed, until the instance is stopped, and calls `changed` with what it holds when that is not what
   * was read last. While it cannot be read nothing is called: what it said stays in use, and the log says so once. An error that `changed` throws is
   * logged, and the file is not read again before it changes.
   */
  watch(file: WatchedFile, milliseconds: number, changed: (content: Buffer) => Awaitable<void>): void;
}

/** For `foresee`. */
export type ForesightContext = Pick<StartContext, 'resolve' | 'peers' | 'server'>;

/** How something is served over HTTP. */
export interface HttpService {
  /** Undefined: without TLS. */
  readonly tls?: HttpTls | undefined;
  /** What the listener answers in place of the plugin: 413 for a body that is too long, 500 for what was thrown, 503 for a stream too many. Plain text by default. */
  readonly refuse?: ((status: number, reason: string) => HttpResponse) | undefined;
}

/** The texts of PEM files. */
export interface HttpTls {
  readonly cert: string;
  readonly key: string;
  /** Only clients with a certificate of these authorities are let in. */
  readonly clientCa?: string | undefined;
}

/** A request to an HTTP service of a plugin, read to its end. */
export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  /** Names in lower case; of a header that is there twice, the values with commas between. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Of a POST request; empty for others. */
  readonly body: string;
  /** The address that the request came from; of a socket file, its address. */
  readonly from: string;
  /** The common name of the client's certificate, which has been verified; missing where none is asked for. */
  readonly client?: string;
}

/** What an HTTP service answers. */
export interface HttpResponse {
  readonly status: number;
  readonly body: string | Uint8Array;
  readonly contentType?: string;
  /** Further headers, their names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * What follows the body, piece by piece. The next piece is asked for when the client has taken the one before. The signal aborts when the client is
   * gone, or the configuration is replaced; the iterable ends then.
   */
  readonly stream?: (signal: AbortSignal) => AsyncIterable<string>;
}

/** What a plugin may know of the server as a whole, and ask of it. */
export interface ServerControl {
  /** The version of the program, as "1.2.3". */
  readonly version: string;
  /**
   * Whether this is the process that does what is to be done once in a server of several: asking upstreams how they are, watching files for
   * the whole server, HTTP. True in a server of one process; false in the workers of `multisocket`.
   */
  readonly primary: boolean;
  /**
   * Whether nothing is served: a configuration is started to explain an answer, and stopped. State that a server keeps is then to be left
   * alone, as that server may be running.
   */
  readonly rehearsing: boolean;
  /** True until a configuration answers. */
  readonly starting: boolean;
  /** True from SIGTERM on. */
  readonly stopping: boolean;
  /** SHA-512 of the words of the configuration that is running, in hexadecimal. */
  readonly configurationHash: string;
  /** That configuration, for the primary process and the workers; only the primary one has its texts and warnings. */
  configuration(): ReadConfiguration;
  /** Every instance that has something to wait for: what its plugin is called, and what it says; of several processes, the one that is missing something. */
  readiness(): Awaitable<readonly { readonly name: string; readonly ready: true | string }[]>;
  /** The hash of the configuration as its files are now; throws ConfigErrors when they cannot be read. */
  readConfigurationHash(): Awaitable<string>;
  /**
   * Whether a file that {@link SetupContext.read} was called for has changed since it was read or looked at last. One that cannot be read has not.
   */
  lookForChangedFiles(): boolean;
  /**
   * Has a configuration checked as it would be in place of the one that runs, in a process of its own, which reads the files that it names but imports no
   * others than that one. Rejects with an Error when that takes too long, and while another text is being checked.
   */
  checkConfiguration(text: string): Promise<CheckedConfiguration>;
  /** Has a plan file checked and run on a virtual clock with so many clients; rejects as above. */
  checkPlan(text: string, clients: number): Promise<CheckedPlan>;
  /** The same of a plan that is in use. */
  forecastPlan(plan: Plan, clients: number): Promise<CheckedPlan>;
  /** Loads the configuration again; rejects, and changes nothing, when it is refused. With `force` no guard is asked. */
  reload(how?: { readonly force?: boolean }): Promise<void>;
  /** What became of the last reloads. */
  reloads(): ReloadOutcomes;
  /** Every name and place where this server block listens for DNS, once it does. */
  listeners(): readonly { readonly transport: string; readonly address: string; readonly port: number }[];
  /** The port of the shared HTTP listener for an address that was given to `serve`; undefined while it is not open. */
  httpPort(address: string): number | undefined;
  /** Every metric of the server, its processes added up, in the text exposition format. */
  expose(): Promise<{ readonly contentType: string; readonly body: string }>;
  /** Ends the process with exit status 1 after logging the message. */
  fatal(message: string): void;
}

/** Facts about the server block that a directive states. Merged by the core; two that differ are an error with both places. */
export interface BlockSettings {
  /** Base of relative file names. */
  readonly root?: string;
  /** IP addresses to listen on. */
  readonly addresses?: readonly string[];
  /** How many processes answer on each listener of the block. */
  readonly sockets?: number;
  /** Milliseconds of silence after which a stream is closed, and of a whole read and write. */
  readonly timeouts?: Timeouts;
  /** How the encrypted listeners of the block speak TLS. */
  readonly tls?: TlsSettings;
  /** How the listeners of the block take headers of the PROXY protocol. */
  readonly proxy?: ProxySettings;
  /** What the listeners of the block may take, by their transport. */
  readonly limits?: { readonly [T in ListenerTransport]?: Limits };
  /** The name of the block's view, which metrics and logs tell. */
  readonly view?: string;
  /** Log debug lines, and the stack of what a plugin throws unexpectedly. */
  readonly debug?: boolean;
  /** Log the stack of what a plugin throws unexpectedly. */
  readonly stacktrace?: boolean;
  /** Milliseconds to go on answering after SIGTERM. */
  readonly lameduck?: number;
  /** Octets of a UDP message that clients are taken at their word for: what they say beyond that counts as this. */
  readonly udpSize?: number;
  /** Milliseconds that an answer may take, whatever the plugins of the block say of their {@link Instance.patience}. */
  readonly timeLimit?: number;
  /** Let questions of type AXFR and IXFR reach the chain: a plugin of this block has zones to give, and nobody sends them on. */
  readonly transfers?: boolean;
  /** Let questions of classes other than IN reach the chains of this listener. */
  readonly otherClasses?: boolean;
}

/** One use of a plugin in one server block. Every member is optional. */
export interface Instance {
  readonly handle?: Handle;
  /**
   * Takes a NOTIFY (RFC 1996) for a zone of the server block, or leaves it to the next instance by undefined. NOTIFY does not go down the chain; one that
   * no plugin takes is refused.
   */
  notify?(query: Query): Awaitable<Reply | undefined>;
  /** What it does with messages as they are on the wire. */
  readonly wireStep?: WireStep;
  /** Whether the server block answers this query; where several blocks have a zone, the first one that does is chosen. A throw counts as no. */
  admits?(query: Query): boolean;
  /**
   * Where clients have to be for {@link admits} to say yes: in one of these networks. For others it is not called, so that many server blocks are told apart
   * by one look at the address; only when an answer is to be explained it is called for all. Undefined: anywhere.
   */
  readonly admitsFrom?: readonly Network[] | undefined;
  /** Collects metadata of a query, before its server block is chosen. */
  collect?(query: Query): void;
  /**
   * Milliseconds that an answer may take by the configuration, where that is more than the 4750 after which a query is answered with SERVFAIL: clients
   * give up after 5 seconds.
   */
  readonly patience?: number;
  /** What stands in front of the whole chain of a server block, its own or another: for a duty that must not be passed by. Asked before `examine`. */
  escort?(block: readonly Instance[]): Handle | undefined;
  /** What it makes of queries for a name, as in "answers them", where it does not pass them on as they are and this is known beforehand. */
  diverts?(name: Name): string | undefined;
  readonly settings?: BlockSettings;
  /** Services for other plugins of the block. */
  readonly provides?: readonly Provided[];
  /** Is shown the whole configuration, before `adopt` and `start` and where it is only checked. A throw refuses it. */
  examine?(context: ExamineContext): Awaitable<void>;
  /**
   * Reload: takes over the state of the instance that this one replaces. Called before `start`; the other one may serve on if the new
   * configuration is refused after all. `block.unchanged` says whether the server block, its imports included, is word for word the same.
   */
  adopt?(previous: Instance, block: { readonly unchanged: boolean }): void;
  /**
   * Reload: is shown the instances of its plugin in the new configuration, of all its blocks, before any of them is started. A throw refuses
   * that configuration, for what must not be dropped. `heirs` tells those that will meet the queries for a name that this one meets now, for
   * each listener and zone that they come by.
   */
  yield?(successors: readonly Instance[], heirs: (name: Name) => readonly (readonly Instance[])[]): void;
  /**
   * Gets ready to answer questions ahead of `start`, to foresee what the configuration would change, and touches nothing: queries come with a foresight
   * ({@link foresightOf}). Returns which queries it decides on in a way that is known only once it has started. Without it that are all.
   */
  foresee?(context: ForesightContext): ((query: Query) => boolean) | undefined;
  /** Opens, connects, loads. A throw refuses the configuration. */
  start?(context: StartContext): Awaitable<void>;
  /** Called when every instance has started and queries are answered by the new configuration. */
  serving?(): void;
  /** True, or what is missing. */
  ready?(): true | string;
  /** Called after the last query has left, or when the deadline has passed. */
  stop?(deadline: AbortSignal): Awaitable<void>;
}
