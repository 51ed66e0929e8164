// Weighted: one address is drawn by weight and changes places with the first.
import { type Query, QueryType, type Reply, type ResourceRecord } from 'ferrydns/plugin';
import { sort } from './arrangement.ts';
import { sameOrder, Variant } from './variant.ts';
import type { WeightTable } from './weight-table.ts';

/** Orders kept of one reply. */
const mostVariants = 64;

export class Weighting {
  readonly policy = 'weighted';
  private readonly table: () => WeightTable;
  private readonly random: () => number;
  private usedTable: WeightTable | undefined = undefined;
  /** By the records of a reply, so that they outlive its TTL. */
  private drawings = new WeakMap<object, Drawing>();

  /** `table` gives the weights as they are now; `random` a number from 0 up to 1. */
  constructor(table: () => WeightTable, random: () => number = Math.random) {
    this.table = table;
    this.random = random;
  }

  order(reply: Reply, query: Query): Reply {
    const { typeCode } = query;
    if (typeCode !== QueryType.A && typeCode !== QueryType.AAAA && typeCode !== QueryType.SRV) return reply;
    const table = this.table();
    if (table !== this.usedTable) {
      this.drawings = new WeakMap();
      this.usedTable = table;
    }
    let drawing = this.drawings.get(reply.recordsIdentity);
    if (!drawing?.serves(reply)) {
      drawing = new Drawing(reply, table);
      this.drawings.set(reply.recordsIdentity, drawing);
    }
    return drawing.draw(reply, query, this.random);
  }
}

/** The addresses of one reply with their chances. */
class Drawing {
  private readonly source: Reply;
  private readonly answers: WeightedSection;
  private readonly additionals: WeightedSection;
  private readonly inOrder: boolean;
  private readonly variants = new Map<number, Variant>();

  constructor(source: Reply, table: WeightTable) {
    this.source = source;
    this.answers = new WeightedSection(source.answers, table);
    this.additionals = new WeightedSection(source.additionals, table);
    this.inOrder = this.answers.inOrder && this.additionals.inOrder;
  }

  /** Whether its records may stand in for those of the reply: not when that one has a TTL for each and these were made with one for all. */
  serves(reply: Reply): boolean {
    return reply.ttl >= 0 || this.source.ttl < 0;
  }

  draw(reply: Reply, query: Query, random: () => number): Reply {
    if (this.inOrder) return reply;
    const answer = this.answers.draw(random);
    const additional = this.additionals.draw(random);
    const key = answer * 65536 + additional;
    let variant = this.variants.get(key);
    if (variant === undefined) {
      if (this.variants.size >= mostVariants) this.variants.clear();
      const { source } = this;
      variant = new Variant(source.with({ answers: this.answers.ledBy(answer), additionals: this.additionals.ledBy(additional) }));
      this.variants.set(key, variant);
    }
    return variant.of(reply, query);
  }
}

class WeightedSection {
  /** Whether there is only one order, and the section has it. */
  readonly inOrder: boolean;
  private readonly head: readonly ResourceRecord[];
  private readonly addresses: readonly ResourceRecord[];
  private readonly tail: readonly ResourceRecord[];
  private readonly weights: readonly number[];
  private readonly total: number;

  constructor(section: readonly ResourceRecord[], table: WeightTable) {
    const { aliases, addresses, mailServers, others } = sort(section);
    // Without an address there is nothing to choose, and the section stays as it is.
    this.head = addresses.length === 0 ? section : [...aliases, ...others];
    this.addresses = addresses;
    this.tail = addresses.length === 0 ? [] : mailServers;
    this.weights = addresses.map((address) => table.weightOf(address));
    this.total = this.weights.reduce((sum, weight) => sum + weight, 0);
    this.inOrder = addresses.length < 2 && sameOrder(section, this.ledBy(0));
  }

  /** The index of the address that comes first. */
  draw(random: () => number): number {
    let left = Math.floor(random() * this.total);
    const index = this.weights.findIndex((weight) => {
      left -= weight;
      return left < 0;
    });
    return Math.max(0, index);
  }

  /** The section with that address in the place of the first, and the first in its. */
  ledBy(index: number): readonly ResourceRecord[] {
    const [first] = this.addresses;
    const top = this.addresses[index];
    if (first === undefined || top === undefined) return [...this.head, ...this.tail];
    return [...this.head, ...this.addresses.with(index, first).with(0, top), ...this.tail];
  }
}
