// Round robin: every address comes first equally often, and no reply is encoded for each query.
import type { Query, Reply } from 'ferrydns/plugin';
import type { Arrange, Arrangement, Group } from './arrangement.ts';
import { sameOrder, Variant } from './variant.ts';

/** Orders kept of one reply; with up to so many addresses each of them leads one. */
const mostVariants = 8;

/** Queries that one order serves; then it is made anew, so that what stands behind the first address, too, comes in every order. */
const usesOfVariant = 128;

/** As above where there are more addresses than orders: the next address takes its turn to lead. */
const usesOfTurn = 32;

/** A number from 0 up to 1. */
export type Random = () => number;

export class Rotation {
  readonly policy = 'round_robin';
  /** By the records of a reply, so that they outlive its TTL. */
  private readonly rotors = new WeakMap<object, Rotor>();
  private readonly arrange: Arrange;
  private readonly random: Random;

  constructor(arrange: Arrange, random: Random = Math.random) {
    this.arrange = arrange;
    this.random = random;
  }

  order(reply: Reply, query: Query): Reply {
    const known = this.rotors.get(reply.recordsIdentity);
    if (known?.serves(reply)) return known.next(reply, query);
    const rotor = new Rotor(reply, this.arrange(reply), this.random);
    this.rotors.set(reply.recordsIdentity, rotor);
    return rotor.next(reply, query);
  }
}

interface Slot {
  readonly variant: Variant;
  uses: number;
}

/** The orders of the records of one reply. */
class Rotor {
  private readonly source: Reply;
  private readonly arrangement: Arrangement;
  private readonly random: Random;
  /** After so many turns every record of every group has led its group equally often. */
  private readonly round: number;
  private readonly usesOfSlot: number;
  private readonly slots: (Slot | undefined)[] = [];
  /** Whether there is nothing to do. */
  private readonly inOrder: boolean;
  private turn: number;

  constructor(source: Reply, arrangement: Arrangement, random: Random) {
    const { answers, authorities, additionals } = arrangement;
    const moving = [...answers, ...authorities, ...additionals].filter(({ shuffled }) => shuffled).map(({ records }) => records.length);
    this.source = source;
    this.arrangement = arrangement;
    this.random = random;
    this.round = moving.reduce(leastCommonMultiple, 1);
    this.usesOfSlot = usesOf(this.round, moving);
    this.inOrder = moving.length === 0 && standsAsBefore(source, arrangement);
    this.turn = Math.floor(random() * this.round);
  }

  /** Whether its records may stand in for those of the reply: not when that one has a TTL for each and these were made with one for all. */
  serves(reply: Reply): boolean {
    return reply.ttl >= 0 || this.source.ttl < 0;
  }

  next(reply: Reply, query: Query): Reply {
    if (this.inOrder) return reply;
    const index = Math.floor(this.random() * Math.min(this.round, mostVariants));
    let slot = this.slots[index];
    if (slot === undefined || slot.uses >= this.usesOfSlot) {
      // Where there is a slot for each turn it keeps it, so that a random slot is a random first address.
      slot = { variant: new Variant(this.arrange(this.round <= mostVariants ? index : this.turn++)), uses: 0 };
      this.slots[index] = slot;
    }
    slot.uses++;
    return slot.variant.of(reply, query);
  }

  /** The reply with the records that lead at that turn in front, what stands behind them in a random order. */
  private arrange(turn: number): Reply {
    const mix = ({ records, shuffled }: Group) => {
      if (!shuffled) return records;
      const leader = turn % records.length;
      return [...records.slice(leader, leader + 1), ...shuffle(records.toSpliced(leader, 1), this.random)];
    };
    const { answers, authorities, additionals } = this.arrangement;
    return this.source.with({ answers: answers.flatMap(mix), authorities: authorities.flatMap(mix), additionals: additionals.flatMap(mix) });
  }
}

/** How many queries a slot serves before its order is made anew. */
function usesOf(round: number, moving: readonly number[]): number {
  // Two addresses have two orders, and when nothing else moves there is no third.
  if (round === 1 || (round === 2 && moving.length === 1)) return Number.POSITIVE_INFINITY;
  return round > mostVariants ? usesOfTurn : usesOfVariant;
}

function leastCommonMultiple(a: number, b: number): number {
  let [divisor, rest] = [a, b];
  while (rest > 0) [divisor, rest] = [rest, divisor % rest];
  return (a / divisor) * b;
}

function standsAsBefore(reply: Reply, { answers, authorities, additionals }: Arrangement): boolean {
  const flat = (groups: readonly Group[]) => groups.flatMap(({ records }) => records);
  const sections = [
    [reply.answers, flat(answers)],
    [reply.authorities, flat(authorities)],
    [reply.additionals, flat(additionals)],
  ] as const;
  return sections.every(([before, after]) => sameOrder(before, after));
}

/** Fisher and Yates: every order is equally likely. */
function shuffle<T>(list: readonly T[], random: Random): T[] {
  const mixed = [...list];
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [mixed[i], mixed[j]] = [mixed[j] as T, mixed[i] as T];
  }
  return mixed;
}
