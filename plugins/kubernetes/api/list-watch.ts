// Follows the objects of one kind: a list, then a watch that goes on from where the list or the watch before has ended.
import type { IncomingMessage } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import type { Logger } from 'ferrydns/plugin';
import type { Inventory } from '../cluster/inventory.ts';
import type { Resource } from '../cluster/resources.ts';
import type { RawObject } from '../cluster/trimming.ts';
import { type ApiClient, ApiError, type ApiStatus, apiError, reasonOf } from './api-client.ts';
import { BackOff, pause } from './back-off.ts';
import { protobufType } from './envelope.ts';
import { JsonObjects } from './json-objects.ts';
import { listEnd } from './messages.ts';
import type { MessageType } from './protobuf.ts';
import { ProtobufEvents, type WatchEvent } from './protobuf-events.ts';
import { ProtobufList } from './protobuf-list.ts';

/** Milliseconds of silence after which a watch is begun anew: within a minute of its loss. */
const mostSilence = 50_000;
/** Seconds after which the server ends a watch; each is up to twice as long. Then tokens and certificates that were renewed come into use. */
const watchSeconds = 240;
/** A watch that the server ends at once is begun anew after so many milliseconds at most: it is no failure, and what changes meanwhile is not known. */
const mostBetweenWatches = 1000;
/** Milliseconds between attempts at most while nobody is there to take a connection: to ask costs nobody anything, and soon the API server is back. */
const mostWhileAway = 1000;
/** Connections that nobody takes: where a balancer stands in front, it takes and resets them. */
const away: readonly (string | undefined)[] = ['ECONNREFUSED', 'ECONNRESET'];
/** Milliseconds after which a watch that ends was no short one. */
const longWatch = 5000;
/** Milliseconds that a server may ask to wait. */
const longestPause = 60_000;
/** Milliseconds of work after which others get their turn. */
const slice = 4;
/** Milliseconds for which a failure that repeats itself is not logged again. */
const repeatedAfter = 60_000;

/** Whether a server has refused to stream a list because it does not know how to: it is too old, or the etcd behind it is. */
function cannotStream(status: number, message: string): boolean {
  return [400, 404, 405, 422].includes(status) || /required storage feature/.test(message);
}

/** A server that says how long to wait is asked again soon after, not by everybody at once. */
function asTold(milliseconds: number): number {
  return Math.min(milliseconds, longestPause) * (1 + Math.random() / 4);
}

export interface ListWatchOptions {
  readonly resource: Resource;
  readonly client: ApiClient;
  readonly inventory: Inventory;
  /** A list has come to its end. */
  readonly listed: () => void;
  readonly log: Logger;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
}

/** Takes what streams in. */
interface Reading {
  push(chunk: Buffer): void;
}

interface ListReading extends Reading {
  readonly isComplete: boolean;
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
}

class JsonList extends JsonObjects implements ListReading {
  constructor(found: (text: string) => void) {
    super('items', found);
  }

  get metadata(): ListReading['metadata'] {
    return (JSON.parse(this.frame) as { readonly metadata?: ListReading['metadata'] }).metadata ?? {};
  }
}

/** What an answer is cut off with when it was silent for too long. */
const silent = new Error('silence');

export class ListWatch {
  /** Whether a list has come to its end. */
  synced = false;
  /** What went wrong last, as long as nothing has gone right since. */
  failure: string | undefined;
  /** When the API server was heard of last, on the clock given; undefined before the first time. */
  heardAt: number | undefined;
  readonly resource: Resource;
  private readonly options: ListWatchOptions;
  /** After failures. */
  private readonly backOff = new BackOff();
  /** Between watches that the server ends at once. */
  private readonly between = new BackOff();
  /** Between lists, where no watch can go on from one. */
  private readonly relists = new BackOff();
  /** Where the next watch goes on; undefined: a list comes first. */
  private version: string | undefined;
  /** The last version that was seen, below which no list may be. */
  private known = '';
  /** Whether the server streams lists; false from when it has refused to. */
  private streams = true;
  private logged = { text: '', at: Number.NEGATIVE_INFINITY };

  constructor(options: ListWatchOptions) {
    this.options = options;
    this.resource = options.resource;
  }

  /** Follows the objects until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.version === undefined && !this.streams) await this.listByPages(signal);
        await this.watch(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error === silent) continue;
        await this.failed(error as Error, signal);
      }
    }
  }

  private async failed(error: Error, signal: AbortSignal): Promise<void> {
    const { status, reason, retryAfter } = error instanceof ApiError ? error : { status: 0, reason: '', retryAfter: undefined };
    if (this.version === undefined && this.streams && cannotStream(status, error.message)) {
      this.streams = false;
      return;
    }
    const isOver = status === 410 || reason === 'Expired';
    // What happened since is not known any more, or the server knows less than what was seen, as after a restore of its data: a new list tells.
    const isAhead = /too large resource version/i.test(error.message);
    if (isOver || isAhead) this.version = undefined;
    if (isAhead) this.known = '';
    const { code } = error as NodeJS.ErrnoException;
    const wait = (isOver ? this.relists : this.backOff).take(away.includes(code) ? mostWhileAway : undefined);
    this.failure = reasonOf(error);
    this.complain(this.failure);
    await pause(retryAfter === undefined ? wait : asTold(retryAfter), signal);
  }

  private complain(text: string): void {
    const { log, now } = this.options;
    const at = now();
    if (text === this.logged.text && at - this.logged.at < repeatedAfter) return;
    this.logged = { text, at };
    const verb = this.synced && this.version !== undefined ? 'watch' : 'list';
    log.error(`Failed to ${verb} ${this.resource.goName}: ${text}`);
  }

  private async listByPages(signal: AbortSignal): Promise<void> {
    const { client, inventory, resource } = this.options;
    inventory.beginList();
    let next = '';
    do {
      const query = this.query(next === '' ? this.fromCache() : { continue: next });
      const body = await client.get(resource.path, query, signal, this.rather);
      this.heard();
      const list = this.listOf(body);
      await this.read(body, list);
      if (!list.isComplete) throw new Error('the list was cut off');
      const { metadata } = list;
      next = metadata.continue ?? '';
      if (next === '') this.listed(metadata.resourceVersion ?? '');
    } while (next !== '');
  }

  /**
   * A list without a limit on its pages, no older than what was seen, comes out of the cache of the API server; with one, or without a version, each would be
   * read from etcd.
   */
  private fromCache(): Readonly<Record<string, string>> {
    return this.known === '' ? { resourceVersion: '0' } : { resourceVersion: this.known, resourceVersionMatch: 'NotOlderThan' };
  }

  /** Watches from the last version on; from the beginning where a list is to come first and the server streams it. */
  private async watch(signal: AbortSignal): Promise<void> {
    const { client, inventory, resource } = this.options;
    const begins = this.version === undefined;
    if (begins) inventory.beginList();
    const seconds = Math.round(watchSeconds * (1 + Math.random()));
    const from = begins
      ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan', resourceVersion: this.known }
      : { resourceVersion: this.version ?? '' };
    const query = this.query({ watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: `${seconds}`, ...from });
    const body = await client.get(resource.path, query, signal, this.rather);
    this.heard();
    if (!begins) this.well();
    const begun = this.heardAt ?? 0;
    await this.read(body, this.eventsOf(body));
    if (this.options.now() - begun > longWatch) this.between.reset();
    await pause(this.between.take(mostBetweenWatches), signal);
  }

  /** The form that objects are asked for in; undefined: JSON. */
  private get rather(): string | undefined {
    return this.resource.message === undefined ? undefined : protobufType;
  }

  /** Reads a list as the server has sent it: it may have JSON alone. */
  private listOf(body: IncomingMessage): ListReading {
    const { inventory } = this.options;
    const take = (object: RawObject) => inventory.put(object);
    const type = this.messageOf(body);
    if (type !== undefined) return new ProtobufList(type, { take, unreadable: (reason) => inventory.unreadable(reason) });
    return new JsonList((text) => this.parsed(text, take));
  }

  /** Reads the events of a watch in the same way. */
  private eventsOf(body: IncomingMessage): Reading {
    const { inventory } = this.options;
    const take = (event: WatchEvent) => this.take(event);
    const type = this.messageOf(body);
    if (type !== undefined) return new ProtobufEvents(type, { take, unreadable: (reason) => inventory.unreadable(reason) });
    return new JsonObjects('events', (text) => this.parsed(text, take));
  }

  /** What the objects of an answer are as Protocol Buffers; undefined where they are JSON. */
  private messageOf({ headers }: IncomingMessage): MessageType | undefined {
    return headers['content-type']?.startsWith(protobufType) ? this.resource.message : undefined;
  }

  /** Text that is no JSON is passed over: read again it would be the same. */
  private parsed(text: string, use: (object: RawObject) => void): void {
    let object: RawObject;
    try {
      object = JSON.parse(text) as RawObject;
    } catch (error) {
      this.options.inventory.unreadable(reasonOf(error as Error));
      return;
    }
    use(object);
  }

  private isSilent(): boolean {
    return this.heardAt !== undefined && this.options.now() - this.heardAt > mostSilence;
  }

  private take({ type, object = {} }: WatchEvent): void {
    const { inventory } = this.options;
    if (type === 'ERROR') throw apiError(object as ApiStatus);
    if (type === 'DELETED') inventory.remove(object);
    else if (type === 'ADDED' || type === 'MODIFIED') inventory.put(object);
    const { resourceVersion, annotations } = (object['metadata'] ?? {}) as { resourceVersion?: string; annotations?: Record<string, string> };
    if (type === 'BOOKMARK' && annotations?.[listEnd] === 'true') this.listed(resourceVersion ?? '');
    // Before a list has ended no version stands for all of it.
    else if (this.version !== undefined && resourceVersion) {
      this.relists.reset();
      this.seen(resourceVersion);
    }
  }

  private listed(version: string): void {
    this.options.inventory.endList();
    this.synced = true;
    this.seen(version);
    this.options.listed();
  }

  private seen(version: string): void {
    this.version = version;
    this.known = version;
    this.well();
  }

  /** Something went right: it was worth to ask. */
  private well(): void {
    this.failure = undefined;
    this.backOff.reset();
  }

  private heard(): void {
    this.heardAt = this.options.now();
  }

  /** Reads what streams in, and lets others have their turn when there is much of it. Rejects when nothing comes for too long. */
  private async read(body: IncomingMessage, objects: Reading): Promise<void> {
    const { now } = this.options;
    const watchdog = setInterval(() => this.isSilent() && body.destroy(silent), mostSilence / 10);
    let since = now();
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        this.heard();
        objects.push(chunk);
        if (now() - since < slice) continue;
        await turn();
        since = now();
      }
    } finally {
      clearInterval(watchdog);
      body.destroy();
    }
  }

  private query(more: Readonly<Record<string, string>>): URLSearchParams {
    const { labelSelector, fieldSelector } = this.resource;
    return new URLSearchParams({
      ...(labelSelector === undefined || labelSelector === '' ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      ...more,
    });
  }
}
