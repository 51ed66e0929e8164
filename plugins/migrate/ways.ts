// No query for a name of a plan passes the plan by: every way to an answer leads to the plan, or is refused, or is said to be without it.
import { ConfigError, ConfigErrors, type ExamineContext, type Instance, type Name, type Place, type Way, type Word } from 'ferrydns/plugin';
import { type Planned, planned } from './examine.ts';
import { off } from './off.ts';

/** Throws ConfigErrors for the ways past a plan. Told once, by the first use of the plan. */
export function refuseWaysPast(own: Planned, context: ExamineContext): void {
  const uses = context.everywhere(planned).filter(({ name }) => name === own.name);
  if (uses[0] !== own) return;
  const problems = [...own.configured.move.words].flatMap(([name, word]) =>
    context
      .ways(name)
      .flatMap((way) =>
        problemOf({ name, word, way, plan: own.name, stands: standsIn(uses.map(({ instance }) => instance)), isOff: isOff(own, context) }),
      ),
  );
  if (problems.length > 0) throw new ConfigErrors(problems);
}

interface Case {
  readonly name: Name;
  readonly word: Word;
  readonly plan: string;
  readonly way: Way;
  /** The number of the plan among the plugins of a server block, -1: it is not there. */
  stands(way: Way): number;
  /** Whether the server block is said to be without the plan. */
  isOff(way: Way): boolean;
}

function standsIn(holders: readonly Instance[]): Case['stands'] {
  return (way) => way.uses.findIndex(({ instance }) => holders.includes(instance));
}

function isOff({ configured }: Planned, context: ExamineContext): Case['isOff'] {
  const offs: readonly unknown[] = context.everywhere(off).filter((each) => each.concerns(configured.move.plan));
  return (way) => way.uses.some(({ instance }) => offs.includes(instance));
}

function problemOf({ name, word, plan, way, stands, isOff }: Case): ConfigError[] {
  const at = stands(way);
  if (at === -1) {
    if (isOff(way)) return [];
    const message = `plan ${plan} is passed by: queries for ${name} at ${way.server} are answered by the server block at ${show(way.place)}, without the plan`;
    const expected = `the same plan in that block as well, or 'migrate ${name} { off }' there if it is to answer without the plan`;
    return [refusal(message, word, expected)];
  }
  return way.uses.slice(0, at).flatMap(({ plugin, place, instance }) => {
    const diversion = instance.diverts?.(name);
    if (diversion === undefined) return [];
    const message = `plan ${plan} is passed by: '${plugin.name}' at ${show(place)} stands in front of it, and of queries for ${name} ${diversion}`;
    return [refusal(message, word, `'${plugin.name}' to leave ${name} alone in the server block at ${show(way.place)}, or another plan`)];
  });
}

function refusal(message: string, { place }: Word, expected: string): ConfigError {
  return new ConfigError(message, { place, expected, plugin: 'migrate' });
}

function show({ file, line }: Place): string {
  return `${file}:${line}`;
}
