// The proof of the engine in small: every interleaving of two replicas, a store and an operator up to a bound, and what each rule is for.
import { describe, expect, test } from 'vitest';
import { allRules } from '../../src/migration/state.ts';
import { explore, trace } from './explorer.ts';
import { beginningOf, broken, sound } from './scenarios.ts';

/** `node test/migration/explore.ts --states N` goes deeper. */
const bounds = { depth: 400, states: 15_000 };
const timeout = 120_000;

describe('with every rule no interleaving breaks P1, P2, P3 or P6', () => {
  test.each(sound)('$title', { timeout }, (scenario) => {
    const { model, states = bounds.states } = scenario;
    const start = beginningOf(scenario);
    const found = explore(model, start, { ...bounds, states });
    if (found.counterexample !== null) expect.fail(trace(model, start, found.counterexample));
    expect(found.states).toBeGreaterThan(100);
  });

  test('the search sees whole moves to their end when nothing or little fails', { timeout }, () => {
    const exhausted = ['nothing fails', 'an operator rolls back', 'one server without a fence'];
    for (const scenario of sound.filter(({ title }) => exhausted.includes(title))) {
      const found = explore(scenario.model, beginningOf(scenario), { depth: 400, states: 60_000 });
      expect(found.states).toBeLessThan(60_000);
      expect(found.opened).toBeGreaterThan(50);
    }
  });
});

describe('each rule left out breaks a promise', () => {
  test.each(broken)('$title: $promise', { timeout }, (scenario) => {
    const { model, promise } = scenario;
    const start = beginningOf(scenario);
    const { counterexample } = explore(model, start, { depth: 60, states: 200_000 });
    if (counterexample === null) expect.fail('no counterexample');
    expect(counterexample.promise).toContain(promise);
    process.stdout.write(`${trace(model, start, counterexample)}\n`);
  });

  test('and the same worlds are sound with it', { timeout }, () => {
    for (const scenario of broken) {
      const { model } = scenario;
      const whole = { ...model, rules: allRules };
      expect(explore(whole, beginningOf({ ...scenario, model: whole }), { depth: 400, states: 2_000 }).counterexample).toBeNull();
    }
  });
});
