// What a template can ask for: the query, what its name has matched, and what is known of it.
import { headerFlag, type Query, QueryClass, QueryType } from 'ferrydns/plugin';
import type { GoFunction, GoObject } from './language/values.ts';
import type { Match } from './pattern.ts';

/** What the fields of {@link TemplateData} are made of. */
export interface Facts {
  readonly query: Query;
  readonly zone: string;
  /** Class and type of the template, for queries of class or type ANY. */
  readonly class: string;
  readonly type: string;
  /** Made when somebody looks. */
  readonly match: () => Match;
}

/** The dot of a template. */
export class TemplateData implements GoObject {
  readonly goType = '*template.templateData';
  /** What `var` has evaluated, by name. */
  readonly variables = new Map<string, unknown>();
  private readonly facts: Facts;
  private found: Match | undefined;

  constructor(facts: Facts) {
    this.facts = facts;
  }

  get match(): Match {
    this.found ??= this.facts.match();
    return this.found;
  }

  get class(): string {
    const { query } = this.facts;
    return query.classCode === QueryClass.ANY ? this.facts.class : query.class;
  }

  get type(): string {
    const { query } = this.facts;
    return query.typeCode === QueryType.ANY ? this.facts.type : query.type;
  }

  member(name: string): unknown {
    switch (name) {
      case 'Name':
        return this.facts.query.name;
      case 'Zone':
        return this.facts.zone;
      case 'Class':
        return this.class;
      case 'Type':
        return this.type;
      case 'Match':
        return this.match.groups;
      case 'Group':
        return this.match.named;
      case 'Regex':
        return this.match.pattern;
      case 'Remote':
        return this.facts.query.client.address.replace(/%.*/, '');
      case 'Question':
        return question(this.facts.query);
      case 'Message':
        return message(this.facts.query);
      case 'Meta':
        return metadataOf(this.facts.query);
      case 'Var':
        return this.variables;
      default:
        return undefined;
    }
  }

  toString(): never {
    throw new Error(`can't print ${this.goType}`);
  }
}

function metadataOf(query: Query): GoFunction {
  return (label, ...more) => {
    if (typeof label !== 'string' || more.length > 0) throw new Error('Meta takes one label, a text');
    return String(query.metadata?.byLabel(label) ?? '');
  };
}

function question(query: Query): GoObject {
  const { originalName, typeCode, classCode, type, class: klass } = query;
  const text = `;${originalName}\t${klass}\t ${type}`;
  return structure('*dns.Question', { Name: originalName, Qtype: typeCode, Qclass: classCode, String: text }, text);
}

/** The message of the query, its records aside: it has none but OPT. */
function message(query: Query): GoObject {
  const has = (flag: number) => (query.flags & flag) !== 0;
  const opt = query.edns ? [structure('*dns.OPT', {})] : [];
  return structure('*dns.Msg', {
    Id: query.id,
    Response: false,
    Opcode: query.opcode,
    Authoritative: has(headerFlag.authoritative),
    Truncated: has(headerFlag.truncated),
    RecursionDesired: query.recursionDesired,
    RecursionAvailable: has(headerFlag.recursionAvailable),
    Zero: has(0x40),
    AuthenticatedData: query.authenticData,
    CheckingDisabled: query.checkingDisabled,
    Rcode: 0,
    Compress: false,
    Question: [question(query)],
    Answer: [],
    Ns: [],
    Extra: opt,
  });
}

function structure(goType: string, fields: Readonly<Record<string, unknown>>, text?: string): GoObject {
  return {
    goType,
    member: (name) => (Object.hasOwn(fields, name) ? fields[name] : undefined),
    toString() {
      if (text === undefined) throw new Error(`can't print ${goType}`);
      return text;
    },
  };
}
