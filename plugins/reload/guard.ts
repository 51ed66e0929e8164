// Refuses a configuration that would take away the answers of what was asked lately.
import { recentQueries } from 'ferrydns/built-in';
import type { Counter, ExamineContext, Outlook, RecentQuestion, ReloadGuard, SetupContext } from 'ferrydns/plugin';

/** Milliseconds back to the first question that counts. */
const window = 600_000;
/** Questions that are put to both configurations: those that were asked most. */
const most = 2000;
/** Names that the log tells. */
const told = 5;

export class Guard implements ReloadGuard {
  private readonly share: number;
  private readonly refusals: Counter;
  private recent: (milliseconds: number) => readonly RecentQuestion[] = () => [];

  constructor(share: number, { metrics }: Pick<SetupContext, 'metrics'>) {
    this.share = share;
    this.refusals = metrics.counter(
      'ferrydns_reload_guard_refused_total',
      'Configurations that would have taken away more answers than the guard lets pass.',
    );
  }

  /** Finds who remembers what was asked; false where nobody does. */
  examine(context: ExamineContext): boolean {
    const [queries] = context.everywhere(recentQueries);
    if (queries === undefined) return false;
    this.recent = (milliseconds) => queries.since(milliseconds);
    return true;
  }

  questions(): readonly RecentQuestion[] {
    return this.recent(window).slice(0, most);
  }

  refusal({ names, changes }: Outlook): string | undefined {
    const { answered, lost } = names;
    if (answered === 0 || lost / answered <= this.share) return undefined;
    this.refusals.add();
    const lostNames = [...new Set(changes.filter((change) => change.lost).map(({ name }) => name))];
    const more = lost > told ? ` and ${lost - told} more` : '';
    const limit = `the guard lets ${Math.round(this.share * 1000) / 10}% pass`;
    return `${lost} of ${answered} names that were asked for lately would lose their answers, ${limit}: ${lostNames.slice(0, told).join(', ')}${more}; 'ferrydns reload -force' loads it all the same`;
  }
}
