// What the main process of a server and its workers ask of each other. Everything is plain data.
import type { LogForm } from '../log/logger.ts';
import type { Collected } from '../metrics/registry.ts';
import type { Configuration } from './configuration.ts';
import type { SocketInfo } from './front.ts';
import type { ListenerPlan } from './listener-plan.ts';
import type { Opening } from './listeners.ts';
import type { MemoryLimit } from './memory-limit.ts';
import type { Piece, StateAddress } from './outbox.ts';
import type { Note, PrimaryLink } from './shared-states.ts';

/** What instances wait for: what their plugin is called, and what they say. */
export type Readiness = readonly { readonly name: string; readonly ready: true | string }[];

/** The open sockets of a process by the name of their listener. */
export type Sockets = ReadonlyMap<string, readonly SocketInfo[]>;

/** What a worker cannot know from the configuration. */
export interface Settings {
  readonly dnsPort: number;
  readonly directory: string;
  readonly defaultAddress: string;
  readonly logForm: LogForm;
  /** Its share of what the server may take. */
  readonly memoryLimit: MemoryLimit | undefined;
}

/** A configuration that a worker is to get ready. */
export interface Order {
  readonly settings: Settings;
  readonly configuration: Configuration;
  readonly serial: number;
  /** What the worker is to have open, by the name of the listener. */
  readonly openings: ReadonlyMap<string, Opening>;
}

/** What a worker is asked. */
export interface WorkerCalls {
  prepare(order: Order): Promise<Sockets>;
  commit(value: undefined): Promise<Sockets>;
  abandon(value: undefined): Promise<void>;
  retire(value: undefined): Promise<void>;
  /** Says that the server will stop. */
  stopping(value: undefined): void;
  /** Finishes what is in hand and closes everything; gives what was counted in the end. */
  stop(how: { readonly alone: boolean }): Promise<Collected>;
  collect(value: undefined): Promise<Collected>;
  readiness(value: undefined): Promise<Readiness>;
  /** Is told of changes of a shared state. */
  update(piece: Piece): void;
}

/** What a worker asks of the process that started it. */
export interface MainCalls {
  log(line: string): void;
  fatal(message: string): void;
  reload(value: undefined): Promise<void>;
  expose(value: undefined): Promise<{ readonly contentType: string; readonly body: string }>;
  /** Wants to be told of a shared state. */
  follow(address: StateAddress): void;
  note(note: Note): void;
}

/** What the server in a worker has of the process that started it. */
export interface WorkerRole extends PrimaryLink {
  opening(plan: ListenerPlan): Opening | undefined;
  fatal(message: string): void;
  reload(): Promise<void>;
  expose(): Promise<{ readonly contentType: string; readonly body: string }>;
}
