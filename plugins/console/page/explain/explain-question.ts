// A question that is to be explained, in the address of the page and in that of the server.

export const usualTypes = ['A', 'AAAA', 'CNAME', 'HTTPS', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT'] as const;

const parameters = ['name', 'type', 'client', 'server'] as const;

/** Undefined: nothing is asked. */
export function explainPath(query: URLSearchParams): string | undefined {
  if ((query.get('name') ?? '') === '') return undefined;
  const words = new URLSearchParams(
    parameters.flatMap((key) => {
      const word = query.get(key);
      return word === null || word === '' ? [] : [[key, word]];
    }),
  );
  return `/explain?${words}`;
}
