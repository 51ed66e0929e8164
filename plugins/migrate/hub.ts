// The plans that a process runs, by name: they outlive the configurations that name them.
import type { Metrics, migration } from 'ferrydns/plugin';
import type { AdminPlan } from './door/admin-plan.ts';
import { Follower } from './processes/follower.ts';
import type { FollowerWord } from './processes/posture.ts';
import { Runner } from './run/runner.ts';
import type { RunnerOptions } from './run/runner-options.ts';

interface Use {
  readonly runner: Runner;
  readonly opened: Promise<void>;
  readonly users: Set<AdminPlan>;
}

interface Following {
  readonly follower: Follower;
  readonly users: Set<object>;
}

export class Hub {
  private readonly uses = new Map<string, Use>();
  private readonly followings = new Map<string, Following>();

  /** The plan of this name; started if nobody uses it. Rejects when it cannot be, or may not be changed so. */
  async attach(user: AdminPlan, options: RunnerOptions): Promise<Runner> {
    const { plan } = options.move;
    const use = this.uses.get(plan.name) ?? this.add(plan.name, options);
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
      await this.detach(user, plan.name);
      throw error;
    }
  }

  async detach(user: AdminPlan, name: string): Promise<void> {
    const use = this.uses.get(name);
    if (use === undefined || !use.users.delete(user) || use.users.size > 0) return;
    this.uses.delete(name);
    await use.runner.close();
  }

  /** The plan of this name as another process runs it. */
  follow(user: object, plan: migration.Plan, now: () => number): Follower {
    const following = this.followings.get(plan.name) ?? { follower: new Follower({ plan, now }), users: new Set() };
    this.followings.set(plan.name, following);
    following.users.add(user);
    return following.follower;
  }

  /** Says a last word when nobody follows the plan any more. */
  unfollow(user: object, name: string, tell: (word: FollowerWord) => void): void {
    const following = this.followings.get(name);
    if (following === undefined || !following.users.delete(user) || following.users.size > 0) return;
    this.followings.delete(name);
    following.follower.close();
    tell(following.follower.word());
  }

  private add(name: string, options: RunnerOptions): Use {
    for (const { runner } of this.uses.values()) {
      if (runner.file === options.file) throw new Error(`journal ${options.file} is the one of plan ${runner.plan.name} already`);
    }
    const runner = new Runner(options);
    const use = { runner, opened: runner.open(), users: new Set<AdminPlan>() };
    // Whoever attaches hears of a failure.
    use.opened.catch(() => undefined);
    this.uses.set(name, use);
    return use;
  }
}

const byProcess = new WeakMap<Metrics, Hub>();

/** A process is known by its metrics. */
export function hubOf(metrics: Metrics): Hub {
  const hub = byProcess.get(metrics) ?? new Hub();
  byProcess.set(metrics, hub);
  return hub;
}
