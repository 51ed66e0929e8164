// A plan as a ConfigMap holds it, and the plan that is run for it: within the zones that its namespace was granted, and without what is the server's own.
import { type Move, migration, readPlanFile, type StorePlace, type WrittenMove } from 'ferrydns/built-in/moves';
import { ConfigErrors, isSubdomain, messageOf, type Name } from 'ferrydns/plugin';

/** One key of a ConfigMap. Plain data: what is in force is kept in a file. */
export interface PlanText {
  readonly namespace: string;
  readonly configMap: string;
  readonly key: string;
  readonly uid: string;
  readonly text: string;
}

export interface PlanTerms {
  /** By namespace the zones in which its plans may move names. */
  readonly grants: ReadonlyMap<string, readonly Name[]>;
  readonly store: StorePlace;
}

/** Characters of a plan's name at most: it is part of a file name. */
const longestName = 200;

/** What tells the plans of all ConfigMaps apart. */
export function idOf({ namespace, configMap, key }: PlanText): string {
  return `${namespace}/${configMap}/${key}`;
}

/** For people. */
export function placeOf({ namespace, configMap, key }: PlanText): string {
  return `ConfigMap ${namespace}/${configMap}, ${key}`;
}

/** The plan that is run, called NAMESPACE.PLAN, so that no team stands in the way of another. Throws an Error that says why it is refused. */
export function moveOf(found: PlanText, { grants, store }: PlanTerms): WrittenMove {
  const { move } = readPlanFile(found.text, placeOf(found));
  refuseForeign(move, grants.get(found.namespace) ?? [], found.namespace);
  refuseServersOwn(move);
  const qualified = (name: string) => `${found.namespace}.${name}`;
  const plan = { ...move.plan, name: qualified(move.plan.name), store: store.kind };
  if (plan.name.length > longestName) throw new Error(`the name ${plan.name} has more than ${longestName} characters`);
  const problem = migration.problemsOf(plan).find(({ severity }) => severity === 'error');
  if (problem !== undefined) throw new Error(`${problem.field}: ${problem.message}`);
  return { ...move, plan, record: qualified(move.record), store };
}

/** In one line. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof ConfigErrors)) return messageOf(error).replace(/\s+/g, ' ');
  return error.problems.map(({ place, message }) => `line ${place.line}: ${message}`).join('; ');
}

function refuseForeign({ plan }: Move, zones: readonly Name[], namespace: string): void {
  const foreign = plan.names.find(({ name }) => !zones.some((zone) => isSubdomain(name, zone)));
  if (foreign === undefined) return;
  throw new Error(
    `${foreign.name} is in no zone that is granted to namespace ${namespace}${zones.length === 0 ? '' : `, which are ${zones.join(', ')}`}`,
  );
}

/** Commands and URLs would be run and asked by the server, with its rights; where servers agree is what its promises rest on. */
function refuseServersOwn({ plan, store }: Move): void {
  if (plan.fence !== null) throw new Error("'fence' in a ConfigMap: commands of the server stand in its Corefile");
  if (plan.gates.length > 0) throw new Error("'gate' in a ConfigMap: what the server runs and asks stands in its Corefile");
  if (store.kind !== 'journal') throw new Error("'store' in a ConfigMap: where servers agree stands in their Corefile");
}
