// Looks from time to time whether the configuration has changed, and loads it if so.
import { share } from 'ferrydns/built-in';
import { definePlugin, duration, formatDuration, optional, type SetupContext, setting } from 'ferrydns/plugin';
import { Guard } from './guard.ts';
import { Watch } from './watch.ts';

const least = { interval: 2000, jitter: 1000 };

const interval = { ...duration(), schema: duration({ min: '2s' }).schema };
const jitter = { ...duration(), schema: { anyOf: [duration({ min: '1s' }).schema, duration({ min: '0s', max: '0s' }).schema] } };

export default definePlugin({
  name: 'reload',
  summary: 'loads the configuration again when it has changed',
  config: {
    args: { interval: optional(interval, 30_000), jitter: optional(jitter, 15_000) },
    block: {
      guard: setting(share('30%'), 'refuses a configuration that takes away the answers of more than this share of the names asked for lately'),
    },
    repeat: 'merge',
  },
  setup([use = { interval: 30_000, jitter: 15_000, guard: undefined }], context) {
    checkBounds(use, context);
    return new Watch(spread(use), context, use.guard === undefined ? undefined : new Guard(use.guard, context));
  },
});

function checkBounds({ interval, jitter }: { readonly interval: number; readonly jitter: number }, context: SetupContext): void {
  if (interval < least.interval) {
    context.fail(`interval value must be greater or equal to ${formatDuration(least.interval)}`, 'interval');
  }
  if (jitter !== 0 && jitter < least.jitter) {
    context.fail(`jitter value must be 0 or greater or equal to ${formatDuration(least.jitter)}`, 'jitter');
  }
}

/** The interval of this process: many that started together must not look all at once. */
function spread({ interval, jitter }: { readonly interval: number; readonly jitter: number }): number {
  return interval + (Math.random() - 0.5) * Math.min(jitter, interval / 2);
}
