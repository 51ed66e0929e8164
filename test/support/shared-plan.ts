// Corefiles of servers that share a plan, and what a client is told by one of them.
import { readMessage } from './message.ts';
import type { ServerProcess } from './server-process.ts';

export const name = 'www.example.org';

/** A plan `www.example.org` with short times; `store` and whatever more are lines of its block. */
export function sharedPlan({ mode, store, lines = [] }: { mode: 'blend' | 'exclusive'; store: string; lines?: readonly string[] }): string {
  const more = mode === 'exclusive' ? ['fence exec /bin/true', 'countdown 1s', ...lines] : lines;
  return `. {
    bind 127.0.0.1
    migrate ${name} {
        from 192.0.2.1
        to 198.51.100.1
        mode ${mode}
        ttl 1
        transition_ttl 1
        slack 1s
        session 2s
        skew 300ms
        hold 20ms
        admin 127.0.0.1:0
        store ${store}
        ${more.join('\n        ')}
    }
}
`;
}

/** 'A', 'B', 'both', or the rcode with the code of the extended error. */
export async function told(server: ServerProcess): Promise<string> {
  const { rcode, answers, wire } = await server.ask(name);
  const sides = new Set(answers.map((line) => (line.endsWith(' 192.0.2.1') ? 'A' : 'B')));
  if (sides.size > 0) return sides.size === 2 ? 'both' : [...sides].join();
  const error = readMessage(wire).opt?.options.find(({ code }) => code === 15)?.data;
  return error === undefined ? rcode : `${rcode} ${Number.parseInt(error.slice(0, 4), 16)}`;
}
