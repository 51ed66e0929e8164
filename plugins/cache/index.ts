// Keeps replies and gives them again for as long as their TTLs say.
import { answerChanges } from 'ferrydns/built-in';
import { definePlugin, type Instance } from 'ferrydns/plugin';
import { Cache } from './cache.ts';
import { readRules, spec } from './options.ts';

/** The cache behind each instance, for the instance that takes its place at a reload. */
const caches = new WeakMap<Instance, Cache>();

export default definePlugin({
  name: 'cache',
  summary: 'keeps replies and gives them again for as long as their TTLs say',
  config: spec,
  setup(options, context) {
    const cache = new Cache({ rules: readRules(options, context), metrics: context.metrics, now: context.now });
    const instance: Instance = {
      handle: (query, next) => cache.handle(query, next),
      adopt(previous, { unchanged }) {
        const old = caches.get(previous);
        // What another chain would answer is not known: the old answers are kept only for the same words.
        if (old !== undefined && unchanged) cache.tables.adopt(old.tables);
      },
      foresee: () => undefined,
      start({ peers, signal }) {
        const ends = peers(answerChanges).map(({ subscribe }) => subscribe((name, typeCode) => cache.tables.forgetQuestion(name, typeCode)));
        signal.addEventListener('abort', () => {
          for (const end of ends) end();
        });
      },
    };
    caches.set(instance, cache);
    return instance;
  },
});
