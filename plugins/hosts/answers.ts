// Answers queries from the tables, and keeps the replies: the same question gets the same reply until a table changes.
import { type Awaitable, longestMatch, type Name, type Next, type Query, QueryType, Reply, type ResourceRecord, record } from 'ferrydns/plugin';
import type { HostsTable } from './table.ts';

export interface AnswersOptions {
  /** Holds the table of the file, which another one replaces when the file changes. */
  readonly file: { readonly table: HostsTable; readonly path: string };
  /** The entries of the configuration, asked after those of the file. */
  readonly inline: HostsTable;
  readonly zones: readonly Name[];
  /** Seconds. */
  readonly ttl: number;
  /** Where names without an entry are passed on. */
  readonly fallthrough: readonly Name[];
  /** Whether types other than A, AAAA and PTR are passed on there. */
  readonly passUnsupported: boolean;
}

/** Records of which not even the shortest would fit into a message: 65,535 octets, twelve each at least. */
const mostRecords = 5462;

/** Replies kept of each kind. */
const mostReplies = 10_000;

/** A name without an entry gets no NXDOMAIN: that needs an SOA record, which a hosts file has not. */
const unknownName = Reply.decline('SERVFAIL');

type Kind = 'A' | 'AAAA' | 'PTR' | 'other';

export class Answers {
  private readonly options: AnswersOptions;
  private readonly replies: Readonly<Record<Kind, Map<string, Reply>>> = { A: new Map(), AAAA: new Map(), PTR: new Map(), other: new Map() };
  /** The table of the file that the kept replies were made of. */
  private table: HostsTable;

  constructor(options: AnswersOptions) {
    this.options = options;
    this.table = options.file.table;
  }

  handle(query: Query, next: Next): Awaitable<Reply> {
    const { name } = query;
    const kind = kindOf(query.typeCode);
    if (query.explained !== undefined) this.explain(query, kind);
    // Reverse zones need not be named, and what they lack is never refused.
    if (kind === 'PTR') return this.reply(name, kind) ?? next(query);
    if (longestMatch(name, this.options.zones) === undefined) return next(query);
    if (kind === 'other' && this.options.passUnsupported && this.fallsThrough(name)) return next(query);
    return this.reply(name, kind) ?? (this.fallsThrough(name) ? next(query) : unknownName);
  }

  /** Says where the name has an entry. */
  private explain({ name, explained }: Query, kind: Kind): void {
    const { file, inline, zones } = this.options;
    if (kind !== 'PTR' && longestMatch(name, zones) === undefined) {
      explained?.note(`answers names in ${zones.join(' ')} only`);
      return;
    }
    const has = (table: HostsTable) => (kind === 'PTR' ? table.names(name) : [...table.addresses(name, 4), ...table.addresses(name, 6)]).length > 0;
    const where = [...(has(file.table) ? [`the file ${file.path}`] : []), ...(has(inline) ? ['the configuration'] : [])];
    if (where.length > 0) explained?.note(`the name has an entry in ${where.join(' and in ')}`);
    else explained?.note(`the name has no entry in the file ${file.path} (entries: ${file.table.size}) nor in the configuration (${inline.size})`);
  }

  private fallsThrough(name: Name): boolean {
    return longestMatch(name, this.options.fallthrough) !== undefined;
  }

  /** The reply to a question; undefined when there is no entry of that name. */
  private reply(name: Name, kind: Kind): Reply | undefined {
    if (this.table !== this.options.file.table) this.forget();
    const known = this.replies[kind].get(name);
    if (known !== undefined) return known;
    const records = this.records(name, kind);
    if (records.length === 0 && (kind === 'PTR' || !this.exists(name))) return undefined;
    const reply = Reply.answer(records);
    keep(this.replies[kind], name, reply);
    return reply;
  }

  private records(name: Name, kind: Kind): ResourceRecord[] {
    if (kind === 'other') return [];
    const { ttl } = this.options;
    const lookUp = (table: HostsTable): readonly string[] =>
      kind === 'PTR' ? table.names(name) : table.addresses(name, kind === 'A' ? 4 : 6).map(({ text }) => text);
    const found = this.tables().flatMap((table) => lookUp(table).slice(0, mostRecords));
    return found.slice(0, mostRecords).map((each) => record({ name, type: kind, ttl, data: each }));
  }

  private exists(name: Name): boolean {
    return this.tables().some((table) => table.addresses(name, 4).length > 0 || table.addresses(name, 6).length > 0);
  }

  private tables(): HostsTable[] {
    return [this.table, this.options.inline];
  }

  private forget(): void {
    for (const kept of Object.values(this.replies)) kept.clear();
    this.table = this.options.file.table;
  }
}

function kindOf(type: number): Kind {
  if (type === QueryType.A) return 'A';
  if (type === QueryType.AAAA) return 'AAAA';
  return type === QueryType.PTR ? 'PTR' : 'other';
}

/** Wildcards have endless names, so the oldest reply makes room. */
function keep(replies: Map<string, Reply>, name: string, reply: Reply): void {
  if (replies.size >= mostReplies) {
    for (const oldest of replies.keys()) {
      replies.delete(oldest);
      break;
    }
  }
  replies.set(name, reply);
}
