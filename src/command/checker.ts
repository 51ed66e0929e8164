// Checks one text for a server, in a process of its own: a configuration in place of the one that runs, or a plan.
import { type ConfigError, ConfigErrors, messageOf } from '../config/error.ts';
import type { Tree } from '../config/tree.ts';
import { type CheckedConfiguration, type Finding, findingOf } from '../plugin/check-apart.ts';
import type { Checked, CheckTask, ConfigurationTask } from '../server/check-process.ts';
import { readConfiguration, textSource } from '../server/configuration.ts';
import { customPlugins } from '../server/custom-plugins.ts';
import type { Registry } from '../server/registry.ts';
import { Server } from '../server/server.ts';
import { checkPlan, forecastPlan } from './plan-check.ts';

/** Waits for the text, sends what came of it, and ends with the server. */
export function runChecker(registry: Registry, process: NodeJS.Process): void {
  process.on('disconnect', () => process.exit(0));
  process.once('message', (task: CheckTask) => {
    void check(task, registry).then((checked) => process.send?.(checked));
  });
}

async function check(task: CheckTask, registry: Registry): Promise<Checked> {
  const file = task.kind === 'configuration' ? task.file : 'plan';
  try {
    if (task.kind === 'forecast') return forecastPlan(task.plan, task.clients);
    return task.kind === 'plan' ? checkPlan(task.text, task.clients) : await checkConfiguration(task, registry);
  } catch (error) {
    return { ok: false, problems: problemsOf(error, file), warnings: [] };
  }
}

/** Sets everything up as `ferrydns check` does. What is in files that others may not read must not come out by a message about them. */
async function checkConfiguration(
  { text, file, directory, dnsPort, known, custom }: ConfigurationTask,
  registry: Registry,
): Promise<CheckedConfiguration> {
  const source = textSource(text, file);
  const { sources, tree } = await readConfiguration(source);
  const refused = (message: string): CheckedConfiguration => ({ ok: false, problems: [{ message, file, line: 1, column: null }], warnings: [] });
  const other = [...sources.keys()].find((name) => name !== file && !known.includes(name));
  if (other !== undefined) return refused(`it imports ${other}, which what runs does not: say 'ferrydns check' where the files are`);
  if (isForeign(tree, custom)) return refused("it loads other plugins from outside than what runs: say 'ferrydns check' where they are");
  const warnings: Finding[] = [];
  const output = (line: string) => void warnings.push(findingOf(line.replace(/^\[\w+\] /, '')));
  try {
    await new Server({ source, registry, output, directory, dnsPort }).check();
    return { ok: true, problems: [], warnings };
  } catch (error) {
    return { ok: false, problems: problemsOf(error, file), warnings };
  }
}

function isForeign(tree: Tree, custom: string): boolean {
  const named = customPlugins(tree);
  return named !== customPlugins({ blocks: [] }) && named !== custom;
}

function problemsOf(error: unknown, file: string): readonly Finding[] {
  return error instanceof ConfigErrors ? error.problems.map(describe) : [{ message: messageOf(error), file, line: 1, column: null }];
}

function describe({ message, place, plugin, expected, suggestion }: ConfigError): Finding {
  const parts = [
    `${plugin === undefined ? '' : `plugin/${plugin}: `}${message}`,
    ...(expected === undefined ? [] : [`expected ${expected}`]),
    ...(suggestion === undefined ? [] : [`did you mean '${suggestion}'?`]),
  ];
  return { message: parts.join('; '), file: place.file, line: place.line, column: place.column };
}
