// The servers that have the zone of a moved name themselves. Asked directly, each gives an answer that no cache has kept.
import { askServer, openServer, openUdpClient } from 'ferrydns/built-in';
import {
  type Awaitable,
  makeQuery,
  type Name,
  type Option,
  ownClient,
  parentOf,
  parseName,
  type Query,
  QueryType,
  type Reply,
  root,
} from 'ferrydns/plugin';
import { markLookUp } from './look-ups.ts';

/** Milliseconds for which what was found of a zone counts, and until those who do not answer are asked again. */
const searchEvery = 600_000;
const retryAfter = 60_000;
/** Milliseconds that a server has for an answer. */
const patience = 1000;
const udpSize = 1232;

/**
 * Stands in questions to servers of a zone (an option for local use, RFC 6891 section 9). A server that answers by a plan does not have the zone: it refuses
 * them for names that it moves, or it would be taken for the zone's own word.
 */
const forTheZone: Option = { code: 65_073, data: new Uint8Array() };

/** Whether a question is for the zone itself. */
export function asksTheZone(query: Query): boolean {
  return query.edns && query.options.some(({ code }) => code === forTheZone.code);
}

export interface ZoneServersOptions {
  readonly now: () => number;
  resolve(query: Query): Awaitable<Reply>;
  /** Where servers of zones listen: 53. */
  readonly port?: number;
}

/** An answer with authority. */
export interface ZoneAnswer {
  readonly server: string;
  readonly reply: Reply;
}

interface Zone {
  /** The addresses of each server, by its name. */
  readonly servers: readonly (readonly string[])[];
  readonly foundAt: number;
}

export class ZoneServers {
  private readonly options: ZoneServersOptions;
  private readonly zones = new Map<Name, Zone>();
  private restsUntil = Number.NEGATIVE_INFINITY;

  constructor(options: ZoneServersOptions) {
    this.options = options;
  }

  /** What the servers of its zone answer, and whether each of them has: where one is not reached, it may say something else. */
  async ask(name: Name, type: string): Promise<{ readonly answers: readonly ZoneAnswer[]; readonly whole: boolean }> {
    const { now } = this.options;
    if (now() < this.restsUntil) return { answers: [], whole: false };
    const zone = await this.zoneOf(name);
    const answers = await this.askAll(zone.servers, makeQuestion(name, type));
    const whole = answers.length > 0 && answers.every((all) => all.length > 0);
    if (!whole) this.restsUntil = now() + retryAfter;
    return { answers: answers.flat(), whole };
  }

  private async zoneOf(name: Name): Promise<Zone> {
    const { now } = this.options;
    const known = this.zones.get(name);
    if (known !== undefined && now() < known.foundAt + searchEvery) return known;
    const servers = await this.search(name);
    const zone = { servers, foundAt: now() };
    this.zones.set(name, zone);
    return zone;
  }

  /** The zone is that of the closest name above that has servers. */
  private async search(name: Name): Promise<readonly (readonly string[])[]> {
    for (let at: Name = name; at !== root; at = parentOf(at) as Name) {
      const found = await this.lookUp(at, 'NS');
      const hosts = found.flatMap(({ typeCode, name: owner, data }) =>
        typeCode === QueryType.NS && owner.toLowerCase() === at ? [String(data)] : [],
      );
      if (hosts.length > 0) return Promise.all(hosts.map((host) => this.addressesOf(host)));
    }
    return [];
  }

  private async addressesOf(host: string): Promise<readonly string[]> {
    const found = await Promise.all(['A', 'AAAA'].map((type) => this.lookUp(parseName(host), type)));
    return found.flat().flatMap(({ typeCode, data }) => (typeCode === QueryType.A || typeCode === QueryType.AAAA ? [String(data)] : []));
  }

  private async lookUp(name: Name, type: string): Promise<Reply['answers']> {
    try {
      const query = makeQuery({ name, type, client: ownClient, receivedAt: this.options.now() });
      markLookUp(query);
      const reply = await this.options.resolve(query);
      return reply.declined || reply.rcodeNumber !== 0 ? [] : reply.answers;
    } catch {
      return [];
    }
  }

  /** The answers of each server with authority. */
  private async askAll(servers: Zone['servers'], query: Query): Promise<readonly (readonly ZoneAnswer[])[]> {
    const { port = 53 } = this.options;
    const client = openUdpClient();
    const ask = async (host: string): Promise<readonly ZoneAnswer[]> => {
      const server = openServer({ transport: 'dns', host, port, serverName: '' }, client);
      try {
        const reply = await askServer(server, query, patience);
        return tells(reply) ? [{ server: host, reply }] : [];
      } catch {
        return [];
      } finally {
        server.close();
      }
    };
    try {
      return await Promise.all(servers.map(async (addresses) => (await Promise.all(addresses.map(ask))).flat()));
    } finally {
      client.close();
    }
  }
}

function makeQuestion(name: Name, type: string): Query {
  return makeQuery({ name, type, client: ownClient, recursionDesired: false, receivedAt: 0 }).with({ udpSize, options: [forTheZone] });
}

/** A name of the zone exists or it does not; everything else is a failure. */
function tells({ authoritative, truncated, rcode }: Reply): boolean {
  return authoritative && !truncated && (rcode === 'NOERROR' || rcode === 'NXDOMAIN');
}
