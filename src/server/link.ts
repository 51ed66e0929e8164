// Two processes that call each other's functions over the channel between them.

import { messageOf } from '../config/error.ts';
import type { Awaitable } from '../plugin/awaitable.ts';

/** What one side can be asked: by name, a function of one value that can be sent. */
export type Calls<F> = { readonly [K in keyof F]: (value: never) => Awaitable<unknown> };

/** What a function is called with. */
export type Given<F, K extends keyof F> = F[K] extends (value: infer V) => unknown ? V : never;
/** What a function gives in the end. */
export type Got<F, K extends keyof F> = F[K] extends (value: never) => infer R ? Awaited<R> : never;

/** The channel: a child process as its parent sees it, or the process itself as the child does. */
export interface Channel {
  readonly connected: boolean;
  send?(message: object, handle: undefined, options: undefined, sent: (error: Error | null) => void): unknown;
  on(event: 'message', received: (message: unknown) => void): unknown;
}

type Message =
  | { readonly call: string; readonly value: unknown; readonly id?: number }
  | { readonly answer: number; readonly value?: unknown; readonly error?: string };

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** One end of the channel: offers `Own` and asks for `Other`. */
export class Link<Own extends Calls<Own>, Other extends Calls<Other>> {
  private readonly channel: Channel;
  private readonly own: Own;
  private readonly waiting = new Map<number, Waiting>();
  private ended: Error | undefined;
  private lastId = 0;

  constructor(channel: Channel, own: Own) {
    this.channel = channel;
    this.own = own;
    channel.on('message', (message) => void this.receive(message as Message));
  }

  /** Asks the other side. Rejects with what went wrong there, because it has ended, or because the value cannot be sent. */
  call<K extends keyof Other & string>(name: K, value: Given<Other, K>): Promise<Got<Other, K>> {
    if (this.ended !== undefined) return Promise.reject(this.ended);
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: (got) => resolve(got as Got<Other, K>), reject });
      try {
        this.send({ call: name, value, id });
      } catch (error) {
        this.waiting.delete(id);
        throw error;
      }
    });
  }

  /** Tells the other side, which does not answer. Throws when the value cannot be sent; `sent` is called when it has left. */
  tell<K extends keyof Other & string>(name: K, value: Given<Other, K>, sent?: () => void): void {
    this.send({ call: name, value }, sent);
  }

  /** Says that the other side has ended: every call fails with this error, also those to come. */
  end(error: Error): void {
    this.ended = error;
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  private async receive(message: Message): Promise<void> {
    if ('answer' in message) {
      const waiting = this.waiting.get(message.answer);
      this.waiting.delete(message.answer);
      if (message.error === undefined) waiting?.resolve(message.value);
      else waiting?.reject(new Error(message.error));
      return;
    }
    const { call, value, id } = message;
    try {
      const run = this.own[call as keyof Own] as unknown as (value: unknown) => Awaitable<unknown>;
      const got = await run(value);
      if (id !== undefined) this.send({ answer: id, value: got });
    } catch (error) {
      if (id !== undefined) this.send({ answer: id, error: messageOf(error) });
    }
  }

  private send(message: Message, sent = () => {}): void {
    // A side that has gone is noticed by its end, not by what was sent to it.
    if (this.channel.connected) this.channel.send?.(message, undefined, undefined, sent);
  }
}
