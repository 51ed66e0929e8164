// Follows an alias to another target than the one it came with: the server asks itself for the new target.
import {
  type Awaitable,
  after,
  messageOf,
  type Name,
  nameToWire,
  parseName,
  type Query,
  QueryError,
  QueryType,
  Reply,
  type ResourceRecord,
  rescue,
} from 'ferrydns/plugin';
import type { Environment, Passage, Stage } from './stage.ts';
import type { AliasStep } from './step.ts';

export class AliasStage implements Stage {
  private readonly step: AliasStep;
  private readonly environment: Environment;

  constructor(step: AliasStep, environment: Environment) {
    this.step = step;
    this.environment = environment;
  }

  apply(reply: Reply, passage: Passage): Awaitable<Reply> {
    if (reply.declined) return reply;
    const { answers } = reply;
    for (const [at, record] of answers.entries()) {
      if (record.typeCode !== QueryType.CNAME) continue;
      const target = this.step.retarget(String(record.data).toLowerCase());
      if (target === undefined) continue;
      const alias: Alias = { reply, at, record, target };
      return asksForAlias(passage.rewritten, record) ? pointed(alias) : this.follow(alias, passage);
    }
    return reply;
  }

  private follow(alias: Alias, { received, rewritten }: Passage): Awaitable<Reply> {
    const ask = () => {
      const query = rewritten.with({ name: parseName(alias.target) as Name, class: 'IN' });
      return after(this.environment.resolve(query, received), (found) => join(alias, found));
    };
    return rescue(ask, (cause) => {
      const reason = messageOf(cause);
      // What is thrown in a query of the server itself is not logged anywhere else.
      if (received.exchange.resolutions > 0) this.environment.log.error(`upstream lookup failed: ${reason}`);
      throw new QueryError('SERVFAIL', `the alias cannot be followed to ${alias.target}: ${reason}`, { cause });
    });
  }
}

/** An alias of a reply, and where it is to point. */
interface Alias {
  readonly reply: Reply;
  readonly at: number;
  readonly record: ResourceRecord;
  readonly target: string;
}

/** Whether the alias is what was asked for: it is not followed then (RFC 1034 section 3.6.2). */
function asksForAlias({ typeCode, name }: Query, { name: owner }: ResourceRecord): boolean {
  return typeCode === QueryType.CNAME && owner.toLowerCase() === name;
}

/** The reply with the new target, without the records of the old one. */
function pointed({ reply, at, record, target }: Alias): Reply {
  return reply.with({ answers: [...reply.answers.slice(0, at), record.with({ rdata: nameToWire(target) })], authenticData: false });
}

/** Response codes of those who know: of the others nothing is an answer, not even the aliases. */
const answering: ReadonlySet<string> = new Set(['NOERROR', 'NXDOMAIN', 'YXDOMAIN']);

/** Whether its authority section says how long a name or type is not there (RFC 2308 section 3). */
const denies = ({ authorities }: Reply): boolean => authorities.some(({ typeCode }) => typeCode === QueryType.SOA);

/** The aliases up to the one that was changed, then what was found; the response code and a SOA record are those of the last name (RFC 6604 section 2.1). */
function join({ reply, at, record, target }: Alias, found: Reply): Reply {
  if (found === Reply.drop) throw new Error(`no reply for ${target}`);
  if (found.declined || !answering.has(found.rcode)) return found;
  const before = reply.answers.slice(0, at).filter(({ typeCode }) => typeCode === QueryType.CNAME);
  const changed = record.with({ rdata: nameToWire(target) });
  return reply.with({
    answers: [...before, changed, ...found.answers],
    authorities: denies(found) || denies(reply) ? found.authorities : reply.authorities,
    rcode: found.rcode,
    truncated: found.truncated,
    authenticData: reply.authenticData && found.authenticData,
  });
}
