// The order of records in a section: what stands where, and what changes places.
import { type Cidr, QueryType, type Reply, type ResourceRecord } from 'ferrydns/plugin';
import { containment, isAddress } from './address.ts';

/** Records that stand together. */
export interface Group {
  readonly records: readonly ResourceRecord[];
  /** Whether they change places among themselves. */
  readonly shuffled: boolean;
}

/** The groups of each section, in order. */
export interface Arrangement {
  readonly answers: readonly Group[];
  readonly authorities: readonly Group[];
  readonly additionals: readonly Group[];
}

export type Arrange = (reply: Reply) => Arrangement;

/** The records of a section by what they are good for. */
export interface Sorted {
  readonly aliases: readonly ResourceRecord[];
  readonly addresses: readonly ResourceRecord[];
  readonly mailServers: readonly ResourceRecord[];
  readonly others: readonly ResourceRecord[];
}

/** Aliases, other records, addresses, mail servers: the last two shuffled. */
export const roundRobin: Arrange = ({ answers, authorities, additionals }) => ({
  answers: shuffledSection(answers),
  authorities: shuffledSection(authorities),
  additionals: shuffledSection(additionals),
});

/** As round robin, but the addresses in the first of these networks come first, then those in the second, and so on, the rest at the end. */
export function preferred(networks: readonly Cidr[]): Arrange {
  const holds = networks.map(containment);
  const rank = ({ rdata }: ResourceRecord) => {
    const found = holds.findIndex((contains) => contains(rdata));
    return found === -1 ? holds.length : found;
  };
  return ({ answers, authorities, additionals }) => ({
    answers: preferredSection(answers, rank),
    authorities: shuffledSection(authorities),
    additionals: preferredSection(additionals, rank),
  });
}

export function sort(section: readonly ResourceRecord[]): Sorted {
  const isAlias = ({ typeCode }: ResourceRecord) => typeCode === QueryType.CNAME;
  const isMailServer = ({ typeCode }: ResourceRecord) => typeCode === QueryType.MX;
  return {
    aliases: section.filter(isAlias),
    addresses: section.filter(isAddress),
    mailServers: section.filter(isMailServer),
    others: section.filter((record) => !isAlias(record) && !isAddress(record) && !isMailServer(record)),
  };
}

function shuffledSection(section: readonly ResourceRecord[]): Group[] {
  const { aliases, addresses, mailServers, others } = sort(section);
  return [still(aliases), still(others), shuffled(addresses), shuffled(mailServers)];
}

function preferredSection(section: readonly ResourceRecord[], rank: (record: ResourceRecord) => number): Group[] {
  const { aliases, addresses, mailServers, others } = sort(section);
  const ranks = [...new Set(addresses.map(rank))].sort((a, b) => a - b);
  const byRank = ranks.map((wanted) => shuffled(addresses.filter((address) => rank(address) === wanted)));
  return [still(aliases), ...byRank, shuffled(mailServers), still(others)];
}

function still(records: readonly ResourceRecord[]): Group {
  return { records, shuffled: false };
}

function shuffled(records: readonly ResourceRecord[]): Group {
  return { records, shuffled: records.length > 1 };
}
