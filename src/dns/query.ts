// A query: what was asked, by whom. Made from the received bytes without decoding anything that nobody asks for.
import type { Client, Route } from './client.ts';
import { changedFlags, className, headerFlag, knownClass, knownType, Opcode, typeName } from './codes.ts';
import { findOption, type Option, optLength, optLengthWith, readOptions, writeOpt } from './edns.ts';
import { Exchange, exchangeOf, type ReadonlyExchange } from './exchange.ts';
import type { Explained } from './explained.ts';
import { Metadata } from './metadata.ts';
import { hashName, lowerCase, type Name, nameFromWire, nameToWire } from './name.ts';
import type { Caching, QueryChange, QueryFields } from './query-fields.ts';
import type { Trail } from './trail.ts';
import { headerLength, questionOf, readUint16, writeUint16 } from './wire.ts';

/** Octets of a reply over UDP at most, whatever the asker advertises: what is larger would be fragmented, or be an amplifier's tool. */
const maxUdpReply = 4096;

const noOptions: readonly Option[] = [];

/** One question and its circumstances. Immutable: `with` derives a changed copy, which belongs to the same exchange. */
export class Query {
  /** The message's bytes; `start` is where it begins in them. */
  private wire: Uint8Array;
  private start: number;
  /** Whether the bytes are this query's for good, and not a buffer that is used again. */
  private owned: boolean;
  /** Octets of the name, its final zero included. */
  readonly nameLength: number;
  /** A seeded hash of the lower-case name, for tables of names. */
  readonly nameHash: number;
  readonly typeCode: number;
  readonly classCode: number;
  /** The second word of the header: opcode and flags. */
  readonly flags: number;
  /** Whether the asker sent an OPT record. */
  readonly edns: boolean;
  /** What the OPT record said of the size, as it stood. */
  readonly advertisedSize: number;
  readonly ednsVersion: number;
  readonly dnssecOk: boolean;
  readonly client: Client;
  /** Milliseconds on the clock that `SetupContext.now` reads. */
  readonly receivedAt: number;
  /** The query as it was received, which this one was derived from; itself when it is that one. */
  readonly origin: Query;
  /** What the server keeps about the handling of {@link origin}. */
  readonly exchange: ReadonlyExchange;
  /** Whether no client sent {@link origin}, but the server itself. */
  readonly own: boolean;
  /** What caches do with it: `usual`; `renew`: they ask anew and give what they keep from then on; `bypass`: they let it pass, and its reply. */
  readonly caching: Caching;
  /** Takes what a plugin has to say of its answer; undefined unless somebody wants that explained, who gets no other answer. */
  readonly explained: Explained | undefined;
  private optionsStart: number;
  private optionsEnd: number;
  private nameText: Name | undefined = undefined;
  private optionList: readonly Option[] | undefined = undefined;

  constructor(fields: QueryFields, origin?: Query, { flags, explained }: Pick<QueryFields, 'flags' | 'explained'> = fields) {
    this.origin = origin ?? this;
    this.exchange = origin?.exchange ?? new Exchange();
    this.own = fields.own ?? false;
    this.caching = fields.caching ?? 'usual';
    this.explained = explained;
    this.wire = fields.wire;
    this.start = fields.start;
    this.owned = fields.owned ?? false;
    this.nameLength = fields.nameLength;
    this.nameHash = fields.nameHash;
    this.typeCode = fields.typeCode;
    this.classCode = fields.classCode;
    this.flags = flags;
    this.edns = fields.edns;
    this.advertisedSize = fields.advertisedSize;
    this.ednsVersion = fields.ednsVersion;
    this.dnssecOk = fields.dnssecOk;
    this.optionsStart = fields.optionsStart;
    this.optionsEnd = fields.optionsEnd;
    this.client = fields.client;
    this.receivedAt = fields.receivedAt;
  }

  /** The name asked for, lower-case. */
  get name(): Name {
    this.nameText ??= nameFromWire(this.wire, this.start + headerLength, true) as Name;
    return this.nameText;
  }

  /** The name asked for, in the letter case of the asker. */
  get originalName(): string {
    return nameFromWire(this.wire, this.start + headerLength);
  }

  get id(): number {
    return readUint16(this.wire, this.start);
  }

  get type(): string {
    return typeName(this.typeCode);
  }

  get class(): string {
    return className(this.classCode);
  }

  /** Octets of a UDP message that the asker takes; 512 without EDNS (RFC 6891 section 6.2.3). */
  get udpSize(): number {
    return Math.max(this.advertisedSize, 512);
  }

  /** 0 for a query, 4 for a NOTIFY (RFC 1996); no other one gets this far. */
  get opcode(): number {
    return (this.flags & headerFlag.opcode) >>> 11;
  }

  /** When nobody waits for the answer any more, in milliseconds on the clock of {@link receivedAt}. */
  get deadline(): number {
    return this.exchange.deadline;
  }

  /** Aborts when nobody waits for the answer any more: the client is gone, the time is up, or the configuration has ended. */
  get signal(): AbortSignal {
    return this.exchange.signal;
  }

  get recursionDesired(): boolean {
    return (this.flags & headerFlag.recursionDesired) !== 0;
  }

  get checkingDisabled(): boolean {
    return (this.flags & headerFlag.checkingDisabled) !== 0;
  }

  get authenticData(): boolean {
    return (this.flags & headerFlag.authenticData) !== 0;
  }

  /** The server block that was chosen. */
  get route(): Route {
    return this.exchange.route;
  }

  /** The listener that was asked, as "dns://:53". */
  get server(): string {
    return this.route.server;
  }

  /** The zone of the server block that was chosen. */
  get zone(): string {
    return this.route.zone;
  }

  /** Octets of the message: header, question and OPT record. */
  get size(): number {
    const bare = this.questionLength + headerLength;
    if (!this.edns) return bare;
    return bare + (this.optionList === undefined ? optLength + this.optionsEnd - this.optionsStart : optLengthWith(this.optionList));
  }

  /** Octets of the question: name, type and class. */
  get questionLength(): number {
    return this.nameLength + 4;
  }

  get options(): readonly Option[] {
    this.optionList ??= this.optionsEnd > this.optionsStart ? readOptions(this.wire, this.optionsStart, this.optionsEnd) : noOptions;
    return this.optionList;
  }

  /** The data of the first option with this code; undefined without one. Reads no other option. */
  option(code: number): Uint8Array | undefined {
    if (this.optionList !== undefined) return this.optionList.find((option) => option.code === code)?.data;
    return this.optionsEnd > this.optionsStart ? findOption(this.wire, this.optionsStart, this.optionsEnd, code) : undefined;
  }

  /** What plugins tell of this query; undefined unless its server block collects metadata. */
  get metadata(): Metadata | undefined {
    return this.exchange.metadata;
  }

  /** What plugins tell the log of queries; undefined unless the server block has one. */
  get trail(): Trail | undefined {
    return this.exchange.trail;
  }

  /** Starts to collect metadata. */
  collectMetadata(): Metadata {
    const exchange = exchangeOf(this);
    exchange.metadata ??= new Metadata();
    return exchange.metadata;
  }

  /** A copy that says that the asker understands AD (RFC 6840 section 5.7). */
  withAuthenticData(): Query {
    return this.authenticData ? this : this.copy({ flags: this.flags | headerFlag.authenticData });
  }

  /** A copy whose answer somebody wants explained. */
  explainedTo(explained: Explained): Query {
    return this.copy({ explained });
  }

  private copy(changed: { readonly flags?: number; readonly explained?: Explained }): Query {
    this.detach();
    // A query has every fact that one is made of, some of them for itself alone. Each miss of a cache comes by here: nothing is made on the way.
    const { flags = this.flags, explained = this.explained } = changed;
    const copy = new Query(this as unknown as QueryFields, this.origin, { flags, explained });
    // The very same options, so that it can be told which of them the asker sent.
    copy.optionList = this.options;
    copy.nameText = this.nameText;
    return copy;
  }

  /** A changed copy; with another client, a query of the server's own. Throws an Error at a name, type or class that is none. */
  with(change: QueryChange): Query {
    const name = change.name === undefined ? this.nameBytes() : nameToWire(change.name);
    const options = change.options ?? this.options;
    const edns = this.edns || change.options !== undefined || change.udpSize !== undefined || change.dnssecOk === true;
    const type = change.type === undefined ? this.typeCode : knownType(change.type);
    const klass = change.class === undefined ? this.classCode : knownClass(change.class);
    const wire = questionOf(name, type, klass);
    writeUint16(wire, 0, this.id);
    const derived = new Query(
      {
        wire,
        start: 0,
        owned: true,
        nameLength: name.length,
        nameHash: change.name === undefined ? this.nameHash : hashName(name, 0, name.length),
        typeCode: type,
        classCode: klass,
        flags: changedFlags(this.flags, change),
        edns,
        advertisedSize: change.udpSize ?? (this.edns ? this.advertisedSize : edns ? 4096 : 512),
        ednsVersion: 0,
        dnssecOk: change.dnssecOk ?? this.dnssecOk,
        optionsStart: 0,
        optionsEnd: 0,
        ...this.askedBy(change),
      },
      change.client === undefined ? this.origin : undefined,
    );
    if (change.client !== undefined) exchangeOf(derived).route = this.route;
    derived.optionList = options;
    return derived;
  }

  /** On whose behalf a changed copy asks, and how. */
  private askedBy({ client, caching }: QueryChange): Pick<QueryFields, 'client' | 'receivedAt' | 'own' | 'caching' | 'explained'> {
    const { receivedAt } = this;
    if (client !== undefined) return { client, receivedAt, own: true, caching: caching ?? 'usual' };
    return { client: this.client, receivedAt, own: this.own, caching: caching ?? this.caching, explained: this.explained };
  }

  /** Octets of the UDP message or TCP frame that a reply may have; see {@link Client.transport}. */
  get replyLimit(): number {
    if (this.client.transport !== 'udp') return 65535;
    return Math.min(this.udpSize, maxUdpReply);
  }

  /** The query as a message with this id, for a plugin that asks elsewhere: header, question and, where the asker sent one, an OPT record. */
  toWire(id: number, edns?: { udpSize: number; options: readonly Option[] }): Buffer {
    const options = edns?.options ?? this.options;
    const bare = headerLength + this.questionLength;
    const message = Buffer.allocUnsafe(bare + (this.edns ? optLengthWith(options) : 0));
    writeUint16(message, 0, id);
    writeUint16(message, 2, this.flags & (this.opcode === Opcode.QUERY ? headerFlag.sentUpstream : headerFlag.sentInNotify));
    writeUint16(message, 4, 1);
    writeUint16(message, 6, 0);
    writeUint16(message, 8, 0);
    writeUint16(message, 10, this.edns ? 1 : 0);
    this.copyQuestion(message, headerLength);
    if (this.edns) {
      const udpSize = edns?.udpSize ?? this.advertisedSize;
      writeOpt(message, bare, { udpSize, extendedRcode: 0, dnssecOk: this.dnssecOk }, options);
    }
    return message;
  }

  /** Writes the question as it was received at `at` of `out`. */
  copyQuestion(out: Uint8Array, at: number): void {
    const { wire } = this;
    const from = this.start + headerLength;
    const length = this.nameLength + 4;
    for (let i = 0; i < length; i++) out[at + i] = wire[from + i] as number;
  }

  /** Whether the uncompressed name at `at` of `wire` is the one asked for, letter case aside. */
  asksFor(wire: Uint8Array, at: number): boolean {
    const { wire: own, nameLength } = this;
    const from = this.start + headerLength;
    for (let i = 0; i < nameLength; i++) {
      const theirs = wire[at + i] as number;
      const ours = own[from + i] as number;
      // Most bytes are equal as they stand: the table is asked for the others only.
      if (theirs !== ours && lowerCase[theirs] !== lowerCase[ours]) return false;
    }
    return true;
  }

  /** The name asked for as uncompressed wire form, in the letter case of the asker. */
  nameBytes(): Uint8Array {
    const from = this.start + headerLength;
    const name = this.wire.subarray(from, from + this.nameLength);
    return this.owned ? name : Buffer.from(name);
  }

  /** Gives the query bytes of its own, if it has none yet. The responder sees to it when the answer is not at hand: the receive buffer will be used again. */
  detach(): void {
    if (this.owned) return;
    this.owned = true;
    const end = this.optionsEnd > 0 ? this.optionsEnd : this.start + headerLength + this.questionLength;
    const own = Buffer.allocUnsafe(end - this.start);
    for (let i = 0; i < own.length; i++) own[i] = this.wire[this.start + i] as number;
    this.wire = own;
    if (this.optionsEnd > 0) {
      this.optionsStart -= this.start;
      this.optionsEnd -= this.start;
    }
    this.start = 0;
  }
}
