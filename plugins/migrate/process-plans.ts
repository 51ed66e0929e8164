// The plans that a process runs, by their records: they outlive the configurations that name them.
import { migration } from 'ferrydns/built-in/moves';
import type { Metrics } from 'ferrydns/plugin';
import type { AdminPlan } from './admin/admin-plan.ts';
import { Runner } from './runner/runner.ts';
import type { RunnerOptions } from './runner/runner-options.ts';
import { Follower } from './workers/follower.ts';
import type { FollowerMessage } from './workers/snapshot.ts';

interface Use {
  readonly runner: Runner;
  readonly opened: Promise<void>;
  readonly users: Set<AdminPlan>;
}

interface Following {
  readonly follower: Follower;
  readonly users: Set<object>;
}

export class ProcessPlans {
  private readonly uses = new Map<string, Use>();
  private readonly followings = new Map<string, Following>();

  /** What runs the record of this plan; started if nobody uses it. Rejects when it cannot be, or when this plan may not come after the one that runs. */
  async attach(user: AdminPlan, options: RunnerOptions): Promise<Runner> {
    const { plan, record } = options.move;
    const use = this.uses.get(record) ?? this.add(record, options);
    use.users.add(user);
    try {
      await use.opened;
      if (use.runner.replica !== options.replica)
        throw new Error(`plan ${plan.name} runs as replica ${use.runner.replica}, found ${options.replica}`);
      if (use.runner.file !== options.file) throw new Error(`plan ${plan.name} has its journal in ${use.runner.file}, found ${options.file}`);
      const reason = use.runner.refusal(plan);
      if (reason !== undefined) throw new Error(reason);
      return use.runner;
    } catch (error) {
      await this.detach(user, record);
      throw error;
    }
  }

  /** What runs a record; undefined: nobody uses it. */
  runnerOf(record: string): Runner | undefined {
    return this.uses.get(record)?.runner;
  }

  /** `left`: the server goes on without the plan. */
  async detach(user: AdminPlan, record: string, left = false): Promise<void> {
    const use = this.uses.get(record);
    if (use === undefined || !use.users.delete(user) || use.users.size > 0) return;
    this.uses.delete(record);
    await use.runner.close({ left });
  }

  /** The plan as another process runs it. One that leads elsewhere has a follower of its own, also where it has the same name. */
  follow(user: object, plan: migration.Plan, now: () => number): Follower {
    const key = followedAs(plan);
    const following = this.followings.get(key) ?? { follower: new Follower({ plan, now }), users: new Set() };
    this.followings.set(key, following);
    following.users.add(user);
    return following.follower;
  }

  /** Says a last word when nobody follows the plan any more. */
  unfollow(user: object, plan: migration.Plan, tell: (word: FollowerMessage) => void): void {
    const key = followedAs(plan);
    const following = this.followings.get(key);
    if (following === undefined || !following.users.delete(user) || following.users.size > 0) return;
    this.followings.delete(key);
    following.follower.close();
    tell(following.follower.message());
  }

  private add(record: string, options: RunnerOptions): Use {
    for (const { runner } of this.uses.values()) {
      if (runner.file === options.file) throw new Error(`journal ${options.file} is the one of plan ${runner.plan.name} already`);
    }
    const runner = new Runner(options);
    const use = { runner, opened: runner.open(), users: new Set<AdminPlan>() };
    // A failure is thrown to those who attach; here it must not end the process.
    use.opened.catch(() => undefined);
    this.uses.set(record, use);
    return use;
  }
}

function followedAs(plan: migration.Plan): string {
  const { from, to } = migration.sidesOf(plan);
  return `${plan.name} ${from} ${to}`;
}

const byProcess = new WeakMap<Metrics, ProcessPlans>();

/** A process is known by its metrics. */
export function processPlansOf(metrics: Metrics): ProcessPlans {
  const processPlans = byProcess.get(metrics) ?? new ProcessPlans();
  byProcess.set(metrics, processPlans);
  return processPlans;
}
