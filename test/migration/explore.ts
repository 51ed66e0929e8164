// Goes deeper than the tests do: `node test/migration/explore.ts [--depth N] [--states N] [--only WORDS]`. Exits 1 with a trace when a promise breaks.
import { parseArgs } from 'node:util';
import { explore, trace } from './explorer.ts';
import { beginningOf, broken, sound } from './scenarios.ts';

const { values } = parseArgs({
  options: {
    depth: { type: 'string', default: '400' },
    states: { type: 'string', default: '1000000' },
    only: { type: 'string', default: '' },
    rules: { type: 'boolean', default: false },
  },
});
const bounds = { depth: Number(values.depth), states: Number(values.states) };

for (const scenario of values.rules ? broken : sound) {
  if (!scenario.title.includes(values.only)) continue;
  const { model, title } = scenario;
  const start = beginningOf(scenario);
  const before = process.cpuUsage();
  const found = explore(model, start, bounds);
  const seconds = process.cpuUsage(before).user / 1e6;
  const ended =
    found.counterexample === null && found.states < bounds.states && found.depth < bounds.depth ? 'all of them' : `to depth ${found.depth}`;
  process.stdout.write(
    `${title.padEnd(42)} ${String(found.states).padStart(9)} states ${String(found.opened).padStart(9)} with B open, ${ended}, ${seconds.toFixed(1)} s\n`,
  );
  if (found.counterexample !== null) {
    process.stdout.write(`${trace(model, start, found.counterexample)}\n`);
    if (!values.rules) process.exitCode = 1;
  }
}
