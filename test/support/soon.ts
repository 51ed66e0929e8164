/** How long a test waits for what comes by itself, on a machine with a lot to do; milliseconds. vitest.config.ts gives it to `expect.poll` too. */
export const soon = { timeout: 60_000, interval: 20 };
