// A reply: immutable, without id and question. Keeps its wire form, so that an answer given before is copied and patched, never encoded again.
import { changedFlags, headerFlag, knownRcode, QueryType, type Rcode, rcodeName } from './codes.ts';
import { type Option, optLengthWith } from './edns.ts';
import { type ExtendedErrorValue, extendedErrorOption } from './extended-error.ts';
import { type Layout, layOut, plainLength, readSections, type Sections } from './message.ts';
import { type WireForm, writeMessage } from './message-writer.ts';
import type { Query } from './query.ts';
import { checkedTtl, type ResourceRecord, shortened } from './record.ts';
import { changedSections, hasRepeats } from './repeats.ts';
import type { RecordChange } from './reply-change.ts';
import { type Survey, soaMinimumOf, surveyLayout, surveySections } from './survey.ts';
import { FormatError, headerLength, nameLength, readUint16, readUint32 } from './wire.ts';

const brand = Symbol.for('ferrydns.reply.1');
const noSections: Sections = { answers: [], authorities: [], additionals: [] };
const noOptions: readonly Option[] = [];

interface ReplyFields {
  readonly rcodeNumber: number;
  readonly flags: number;
  readonly repeated: number;
  readonly options: readonly Option[];
  readonly ttl: number;
  readonly leased: boolean;
  readonly declined: boolean;
  readonly sections: Sections | undefined;
  readonly form: WireForm | undefined;
  readonly layout: Layout | undefined;
  readonly following: AsyncIterable<Reply> | undefined;
}

/** What `with` changes; what is absent stays. */
export interface ReplyChange extends RecordChange {
  /** See {@link Reply.following}. */
  readonly following?: AsyncIterable<Reply>;
}

/** What is answered. Shared by all who ask the same: never written to. No section has a record twice (RFC 2181 section 5). */
export class Reply {
  /** Recognises replies of another copy of this module. */
  readonly [brand] = true;
  readonly rcodeNumber: number;
  /** AA, TC, RA and AD bits; RD too where it is not that of the query. */
  readonly flags: number;
  /** Bits of the query's header that the reply repeats. */
  readonly repeated: number;
  readonly options: readonly Option[];
  /** The TTL of every record in seconds; -1 when each has its own. */
  readonly ttl: number;
  /** Somebody counts on how long its records may be kept: their TTLs are lowered at most, also in what is derived from it. */
  readonly leased: boolean;
  /**
   * True when no plugin answered and the responder writes an empty reply with this rcode. Such a reply is not an answer: it is not cached.
   */
  readonly declined: boolean;
  /**
   * The further messages of the same answer, as in a zone transfer (RFC 5936 section 2.2): sent in order, over a stream only, each when the client has
   * taken what came before. Over UDP this message alone is sent, as truncated. Whatever iterates is told to return when the client is gone.
   */
  readonly following: AsyncIterable<Reply> | undefined;
  private sections: Sections | undefined;
  private form: WireForm | undefined;
  private readonly layout: Layout | undefined;

  private constructor(fields: ReplyFields) {
    this.rcodeNumber = fields.rcodeNumber;
    this.flags = fields.flags;
    this.repeated = fields.repeated;
    this.options = fields.options;
    this.ttl = fields.ttl;
    this.leased = fields.leased;
    this.declined = fields.declined;
    this.sections = fields.sections;
    this.form = fields.form;
    this.layout = fields.layout;
    this.following = fields.following;
  }

  /** An authoritative NOERROR reply with these records in the answer section. */
  static answer(records: readonly ResourceRecord[], more: ReplyChange = {}): Reply {
    return Reply.empty('NOERROR', { answers: records, ...more });
  }

  /** An authoritative reply without records, but for those that `more` brings. */
  static empty(rcode: Rcode, more: ReplyChange = {}): Reply {
    const bare = new Reply({ ...plain, rcodeNumber: knownRcode(rcode), flags: headerFlag.authoritative, sections: noSections });
    return bare.with(more);
  }

  /** The chain declines to answer: an empty reply with this rcode that no plugin wrote (SERVFAIL, REFUSED, …). */
  static decline(rcode: Rcode, extendedError?: ExtendedErrorValue): Reply {
    const options = extendedError === undefined ? noOptions : [extendedErrorOption(extendedError)];
    return new Reply({ ...plain, rcodeNumber: knownRcode(rcode), options, declined: true, sections: noSections });
  }

  /** Nothing is sent. */
  static readonly drop: Reply = new Reply({
    rcodeNumber: 0,
    flags: 0,
    repeated: headerFlag.copied,
    options: noOptions,
    ttl: -1,
    leased: false,
    declined: true,
    sections: noSections,
    form: undefined,
    layout: undefined,
    following: undefined,
  });

  /**
   * A reply of a message that another server sent. Every record is checked now, none is decoded until somebody reads it.
   * The bytes are kept and must not change. Throws a FormatError when the message is malformed (RFC 9267).
   */
  static fromWire(message: Uint8Array): Reply {
    if (message.length < headerLength) throw new FormatError('message is shorter than a header');
    const layout = layOut(message);
    const flags = readUint16(message, 2);
    const extended = layout.opt?.extendedRcode ?? 0;
    const hasPlainQuestion = nameLength(message, headerLength) === layout.recordsStart - 4 - headerLength;
    const usable = layout.optIsLast && hasPlainQuestion && layout.ttls.every((at) => (message[at] as number) < 0x80);
    const reply = new Reply({
      rcodeNumber: (extended << 4) | (flags & headerFlag.rcode),
      flags: flags & kept,
      repeated: headerFlag.copied,
      options: layout.opt?.options ?? noOptions,
      ttl: -1,
      leased: false,
      declined: false,
      sections: undefined,
      form: usable ? wireFormOf(message, layout) : { bytes: message, questionLength: 0, ttls: [], truncated: false, plainLength: 0 },
      layout,
      following: undefined,
    });
    return hasRepeats(message, layout) ? reply.with(reply.read()) : reply;
  }

  static isReply(value: unknown): value is Reply {
    return typeof value === 'object' && value !== null && brand in value;
  }

  get rcode(): Rcode {
    return rcodeName(this.rcodeNumber);
  }

  get authoritative(): boolean {
    return (this.flags & headerFlag.authoritative) !== 0;
  }

  get truncated(): boolean {
    return (this.flags & headerFlag.truncated) !== 0;
  }

  get recursionAvailable(): boolean {
    return (this.flags & headerFlag.recursionAvailable) !== 0;
  }

  get authenticData(): boolean {
    return (this.flags & headerFlag.authenticData) !== 0;
  }

  get answers(): readonly ResourceRecord[] {
    return this.read().answers;
  }

  get authorities(): readonly ResourceRecord[] {
    return this.read().authorities;
  }

  get additionals(): readonly ResourceRecord[] {
    return this.read().additionals;
  }

  /** Octets that keeping this reply takes, roughly; known without encoding one that came from the wire. */
  get weight(): number {
    return 200 + (this.form?.bytes.length ?? 100 * (this.answers.length + this.authorities.length + this.additionals.length));
  }

  /** Records in the answer section, known without decoding one. */
  get answerCount(): number {
    return this.layout?.counts[0] ?? this.read().answers.length;
  }

  /** Records in all sections, known without decoding one. */
  get recordCount(): number {
    if (this.layout !== undefined) return this.layout.records.length;
    const { answers, authorities, additionals } = this.sections ?? noSections;
    return answers.length + authorities.length + additionals.length;
  }

  /** What its records come to as an answer to `query`, told without decoding one that came from the wire. */
  survey(query: Query): Survey {
    const { form, layout } = this;
    // Once records were read the form may be another one than that which the layout is about.
    const fromWire = this.sections === undefined && form !== undefined && layout !== undefined;
    const survey = fromWire ? surveyLayout(form.bytes, layout, query) : surveySections(this.sections ?? noSections, query);
    return this.ttl < 0 || survey.lowestTtl === undefined ? survey : { ...survey, lowestTtl: this.ttl };
  }

  /** The lowest MINIMUM of the SOA records in the authority section: seconds that a denial holds at most (RFC 2308 section 5). Infinity without one. */
  get soaMinimum(): number {
    const { form, layout } = this;
    if (this.sections === undefined && form !== undefined && layout !== undefined) return soaMinimumOf(form.bytes, layout);
    const soas = this.authorities.filter(({ typeCode }) => typeCode === QueryType.SOA);
    return Math.min(...soas.map(({ rdata }) => readUint32(rdata, rdata.length - 4)));
  }

  /** The same for all replies that were derived from one another without a change of records, TTLs aside: a key for what is made of them. */
  get recordsIdentity(): object {
    return this.layout ?? this.sections ?? this;
  }

  /** A changed copy. A copy that changes no record shares the wire form. Throws an Error at a response code that there is none of, and a TTL that is none. */
  with(change: ReplyChange): Reply {
    if (!this.leased || change.ttl === undefined) return this.changed(change);
    const { ttl, ...others } = change;
    return this.changed(others).shortened(checkedTtl(ttl));
  }

  /** The reply as cached: every record with this TTL in seconds, these flags, these EDNS options. */
  aged(ttl: number, flags: number, options: readonly Option[] = noOptions): Reply {
    return this.headed({ ttl, flags, repeated: headerFlag.copied, options });
  }

  /** The records of this reply with the header bits and EDNS options of `reply`, whose records they are too, and with its TTL or another one in seconds. */
  behind({ flags, repeated, options, ttl }: Reply, otherTtl = ttl): Reply {
    return this.headed({ ttl: otherTtl, flags, repeated, options });
  }

  private headed({ ttl, flags, repeated, options }: Pick<ReplyFields, 'ttl' | 'flags' | 'repeated' | 'options'>): Reply {
    return new Reply({
      rcodeNumber: this.rcodeNumber,
      flags,
      repeated,
      options,
      ttl,
      leased: false,
      declined: false,
      sections: this.sections,
      form: this.form,
      layout: this.layout,
      following: undefined,
    });
  }

  /** The wire form for the name that `query` asks for; made at the first call for that name, then kept. */
  formFor(query: Query): WireForm {
    const form = this.form;
    if (form !== undefined && form.questionLength === query.questionLength && query.asksFor(form.bytes, headerLength)) return form;
    const question = Buffer.alloc(query.questionLength);
    query.copyQuestion(question, 0);
    const { bytes, ttls, truncated } = writeMessage({ question, flags: 0, sections: this.read() }, 65535);
    this.form = { bytes, questionLength: question.length, ttls, truncated, plainLength: 0 };
    return this.form;
  }

  /**
   * Octets of the message that answers `query` if no name were compressed and none of it cut off: what CoreDNS logs and counts. The OPT
   * record that an upstream sent is in it, one that the server adds is not.
   */
  plainLength(query: Query): number {
    const form = this.formFor(query);
    if (form.plainLength === 0) form.plainLength = plainLength(form.bytes);
    const ownOpt = this.options.length > 0 || (this.layout?.opt !== undefined && this.ttl < 0);
    return ownOpt ? form.plainLength + optLengthWith(this.options) : form.plainLength;
  }

  private changed(change: ReplyChange): Reply {
    const keepsRecords = change.answers === undefined && change.authorities === undefined && change.additionals === undefined;
    const sections = keepsRecords ? this.sections : changedSections(this, change);
    const options = change.options ?? this.options;
    return new Reply({
      rcodeNumber: change.rcode === undefined ? this.rcodeNumber : knownRcode(change.rcode),
      flags: changedFlags(this.flags, change),
      repeated: change.recursionDesired === undefined ? this.repeated : this.repeated & ~headerFlag.recursionDesired,
      options: change.extendedError === undefined ? options : [...options, extendedErrorOption(change.extendedError)],
      // Records that are put in carry their own TTLs; so do those that were read from this reply.
      ttl: change.ttl === undefined ? (keepsRecords ? this.ttl : -1) : checkedTtl(change.ttl),
      leased: this.leased || change.leased === true,
      declined: change.rcode === undefined && this.declined && keepsRecords,
      sections,
      form: keepsRecords ? this.form : undefined,
      layout: keepsRecords ? this.layout : undefined,
      following: change.following ?? this.following,
    });
  }

  private shortened(ttl: number): Reply {
    const { answers, authorities, additionals } = this;
    return this.changed({ answers: shortened(answers, ttl), authorities: shortened(authorities, ttl), additionals: shortened(additionals, ttl) });
  }

  private read(): Sections {
    this.sections ??= this.form && this.layout ? readSections(this.form.bytes, this.layout) : noSections;
    if (this.ttl < 0 || this.sections === noSections) return this.sections;
    const { answers, authorities, additionals } = this.sections;
    const aged = (record: ResourceRecord) => (record.ttl === this.ttl ? record : record.with({ ttl: this.ttl }));
    return { answers: answers.map(aged), authorities: authorities.map(aged), additionals: additionals.map(aged) };
  }
}

const plain: ReplyFields = {
  rcodeNumber: 0,
  flags: 0,
  repeated: headerFlag.copied,
  options: noOptions,
  ttl: -1,
  leased: false,
  declined: false,
  sections: undefined,
  form: undefined,
  layout: undefined,
  following: undefined,
};

const kept = headerFlag.authoritative | headerFlag.truncated | headerFlag.recursionAvailable | headerFlag.authenticData;

function wireFormOf(message: Uint8Array, layout: Layout): WireForm {
  const bytes = withCounts(message, layout);
  return { bytes, questionLength: layout.recordsStart - headerLength, ttls: layout.ttls, truncated: false, plainLength: 0 };
}

/** The message without its OPT record. */
function withCounts(message: Uint8Array, layout: Layout): Uint8Array {
  if (layout.opt === undefined && layout.recordsEnd === message.length) return message;
  const bytes = Buffer.from(message.subarray(0, layout.recordsEnd));
  bytes.writeUInt16BE(layout.counts[2], 10);
  return bytes;
}
