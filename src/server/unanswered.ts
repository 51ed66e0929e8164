// A query whose answer is not at hand: it comes, fails, or is late.
import type { Query } from '../dns/query.ts';
import type { Reply } from '../dns/reply.ts';
import type { Deadlines, Waiting } from '../transport/deadlines.ts';
import type { RoutedBlock } from './zone-blocks.ts';

/** What is answered when no answer comes. */
export interface Shortfall {
  failed(error: unknown, query: Query, block: RoutedBlock): Reply;
  late(query: Query, block: RoutedBlock): Reply;
}

/** One for each such query, with as little beside it as can be: `give` is called once. */
export class Unanswered implements Waiting {
  until = 0;
  before: Waiting['before'] = undefined;
  behind: Waiting['behind'] = undefined;
  private over = false;
  private readonly query: Query;
  private readonly block: RoutedBlock;
  private readonly shortfall: Shortfall;
  private readonly give: (reply: Reply) => void;

  constructor(query: Query, block: RoutedBlock, shortfall: Shortfall, give: (reply: Reply) => void) {
    this.query = query;
    this.block = block;
    this.shortfall = shortfall;
    this.give = give;
  }

  wait(answer: Promise<Reply>, milliseconds: number, deadlines: Deadlines): void {
    this.until = performance.now() + milliseconds;
    deadlines.add(this);
    void answer.then(
      (reply) => this.end(reply, deadlines),
      (error) => this.end(this.shortfall.failed(error, this.query, this.block), deadlines),
    );
  }

  private end(reply: Reply, deadlines: Deadlines): void {
    if (this.over) return;
    this.over = true;
    deadlines.remove(this);
    this.give(reply);
  }

  expire(): void {
    if (this.over) return;
    this.over = true;
    const reply = this.shortfall.late(this.query, this.block);
    // An error in here must not end the round of all that is waited for.
    queueMicrotask(() => this.give(reply));
  }
}
