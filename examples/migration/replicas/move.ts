// The last act: the readers move from the old replicas to the new ones, step by step, while one of the new ones dies.
import type { Plan } from './plan.ts';
import { waitUntil } from './plan.ts';
import { Readers } from './readers.ts';
import type { Stage } from './stage.ts';

const steps = [10, 50];
const dying = '127.0.2.42';

export async function moveReaders(
  { port, members, found }: Stage,
  { plan, readers: count }: { readonly plan: Plan; readonly readers: number },
): Promise<void> {
  const readers = new Readers(count, port);
  try {
    await readers.round();
    found({ what: 'before the move', promised: 'all readers at the old replicas', ...share(readers, count, 0) });
    await plan.order('start');
    const onNew: number[][] = [];
    for (const step of steps) {
      await plan.order('advance');
      await readers.round();
      onNew.push(readers.onNew());
      found({ what: `canary ${step}%`, promised: `${step} % of ${count} readers at the new replicas`, ...share(readers, count, step / 100) });
    }
    await oneDies(readers, { found, members, port });
    await plan.order('advance');
    await readers.round();
    found({ what: 'A is no longer handed out', promised: 'all readers at the new replicas', ...share(readers, count, 1) });
    const { horizon } = await plan.reach('done');
    await readers.stop();
    judge(readers, { found, onNew, switchedOff: Date.parse(horizon.a_may_be_switched_off ?? '') });
  } finally {
    await readers.stop();
  }
}

/** Only its own readers go elsewhere, and none of them back to A. */
async function oneDies(readers: Readers, { members, found }: Stage): Promise<void> {
  const before = readers.places();
  await members.kill(dying);
  await waitUntil(
    () => !readers.places().includes(dying),
    () => `somebody is still led to ${dying}`,
  );
  const after = readers.places();
  const others = before.filter((place, i) => place !== dying && place !== after[i]).length;
  const back = before.filter((place, i) => place === dying && after[i]?.startsWith('127.0.2.3') === true).length;
  const moved = before.filter((place) => place === dying).length;
  found({
    what: 'a new replica is killed',
    promised: 'its readers alone go elsewhere, to new replicas',
    found: `${moved} of its readers moved, ${others} others, ${back} back to an old one`,
    kept: others === 0 && back === 0,
  });
}

/** Four standard deviations: which readers belong to a share is a matter of their addresses. */
function share(readers: Readers, count: number, expected: number): { readonly found: string; readonly kept: boolean } {
  const measured = readers.onNew().length / count;
  const tolerance = 4 * Math.sqrt((expected * (1 - expected)) / count);
  return { found: `${(100 * measured).toFixed(1)} % at the new ones`, kept: Math.abs(measured - expected) <= tolerance };
}

/** What must hold over the whole move. */
export function judge(
  readers: Pick<Readers, 'told' | 'failures'>,
  { found, onNew, switchedOff }: Pick<Stage, 'found'> & { readonly onNew: readonly number[][]; readonly switchedOff: number },
): void {
  const [first = [], second = []] = onNew;
  const back = readers.told.filter((told) => told.some(({ side }, i) => side === 'old' && told[i - 1]?.side === 'new')).length;
  const dropped = first.filter((reader) => !second.includes(reader)).length;
  found({
    what: 'over the whole move',
    promised: 'who has seen B never sees A again',
    found: `${back + dropped} readers went back`,
    kept: back + dropped === 0,
  });
  const hops = readers.told.filter((told) => tooMany(told.map(({ address }) => address))).length;
  found({
    what: '',
    promised: 'a reader stays with its replica as long as that is well',
    found: `${hops} readers changed without need`,
    kept: hops === 0,
  });
  found({ what: '', promised: 'every question is answered', found: `${readers.failures} were not`, kept: readers.failures === 0 });
  const lastUse = Math.max(...readers.told.flat().map(({ side, until }) => (side === 'old' ? until : 0)));
  found({
    what: 'A may be switched off',
    promised: 'not before the last answer with A is over',
    found: `said ${((switchedOff - lastUse) / 1000).toFixed(1)} s after that`,
    kept: switchedOff >= lastUse,
  });
}

/** One old replica, one new one, and another new one after the end of that. */
function tooMany(told: readonly string[]): boolean {
  const visited = told.filter((address, i) => address !== told[i - 1]);
  return visited.length > (visited.includes(dying) ? 3 : 2);
}
