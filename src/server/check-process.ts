// Has a text checked by a process that can be ended: it may import what never ends, and must not get to see more of this process than its files.
import { type ChildProcess, fork } from 'node:child_process';
import { env, execArgv } from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Plan } from '../migration/plan.ts';
import type { CheckedConfiguration, CheckedPlan, Finding } from '../plugin/check-apart.ts';

/** Milliseconds that a check may take. */
const patience = 20_000;

const program = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../checker.ts' : '../checker.js', import.meta.url));

/** A configuration to check, in place of the one that runs. */
export interface ConfigurationTask {
  readonly kind: 'configuration';
  readonly text: string;
  /** The name of the text, from whose folder it imports. */
  readonly file: string;
  /** Where relative file names start. */
  readonly directory: string;
  /** The port of zones that name none. */
  readonly dnsPort: number;
  /** The files that what runs consists of: no other is imported. */
  readonly known: readonly string[];
  /** The plugins from outside that what runs has loaded, as its global block names them: no other code is. */
  readonly custom: string;
}

interface PlanTask {
  readonly kind: 'plan';
  readonly text: string;
  readonly clients: number;
}

/** A plan that is in use, to be drawn. */
interface ForecastTask {
  readonly kind: 'forecast';
  readonly plan: Plan;
  readonly clients: number;
}

export type CheckTask = ConfigurationTask | PlanTask | ForecastTask;
export type Checked = CheckedConfiguration | CheckedPlan;

/** What every check may know of the environment: how a program is run, and where the API server of a Pod is. */
const usual = /^(?:PATH|HOME|TZ|TMPDIR|NODE_COMPILE_CACHE|KUBERNETES_\w+)$/;

export class CheckProcess {
  private child: ChildProcess | undefined;

  /** Checks a configuration. The process knows the variables of the environment that the texts of the running one name, and no others. Rejects as {@link check}. */
  async configuration(task: Omit<ConfigurationTask, 'kind' | 'known'>, running: ReadonlyMap<string, string>): Promise<CheckedConfiguration> {
    const variables = named([...running.values()]);
    const checked = await this.check({ kind: 'configuration', known: [...running.keys()], ...task }, variables);
    return masked(checked as CheckedConfiguration, variables);
  }

  async plan(task: PlanTask | ForecastTask): Promise<CheckedPlan> {
    return (await this.check(task, new Set())) as CheckedPlan;
  }

  /** Rejects with an Error when it takes too long, and while another check is on its way. */
  private async check(task: CheckTask, variables: ReadonlySet<string>): Promise<Checked> {
    if (this.child !== undefined) throw new Error('another text is being checked, expected one after the other');
    const words = execArgv.filter((word) => !word.startsWith('--inspect'));
    const child = fork(program, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [...words, '--max-old-space-size=256'],
      env: Object.fromEntries([...Object.keys(env).filter((name) => usual.test(name)), ...variables].map((name) => [name, env[name]])),
    });
    this.child = child;
    try {
      return await answerOf(child, task);
    } finally {
      this.child = undefined;
      child.kill('SIGKILL');
    }
  }
}

function answerOf(child: ChildProcess, task: CheckTask): Promise<Checked> {
  const { promise, resolve, reject } = Promise.withResolvers<Checked>();
  const timer = setTimeout(() => reject(new Error(`the text was not checked within ${patience / 1000} s`)), patience);
  child.once('message', (checked) => resolve(checked as Checked));
  child.once('error', reject);
  child.once('exit', () => reject(new Error('the text could not be checked: the process that did so has ended')));
  child.send(task, (error) => error !== null && reject(error));
  return promise.finally(() => clearTimeout(timer));
}

/** The variables that texts name, as {$NAME} or {%NAME%}. */
function named(texts: readonly string[]): ReadonlySet<string> {
  return new Set(texts.flatMap((text) => [...text.matchAll(/\{\$([^{}\s]+)\}|\{%([^{}%\s]+)%\}/g)].map(([, one, other]) => one ?? other ?? '')));
}

/** What a variable holds may be a secret: messages show its name. */
function masked(checked: CheckedConfiguration, variables: ReadonlySet<string>): CheckedConfiguration {
  const secrets = [...variables].flatMap((name) => (env[name] === undefined || env[name] === '' ? [] : [[name, env[name]] as const]));
  const hide = (text: string) =>
    secrets.reduce((shown, [name, secret]) => shown.replaceAll(new RegExp(RegExp.escape(secret), 'gi'), () => `{$${name}}`), text);
  const hidden = (findings: readonly Finding[]) => findings.map((finding) => ({ ...finding, message: hide(finding.message) }));
  return { ...checked, problems: hidden(checked.problems), warnings: hidden(checked.warnings) };
}
