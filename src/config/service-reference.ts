// A service of a cluster as options name it: service/NAMESPACE/NAME, and which of its endpoints are meant.

/** What endpoints are told apart by: where they run, and a port that they have. */
const selectors = ['zone', 'node', 'port'] as const;

export interface ServiceReference {
  readonly namespace: string;
  readonly name: string;
  /** The topology zone of the endpoints that are meant, in lower case. */
  readonly zone?: string;
  /** The node that they run on. */
  readonly node?: string;
  /** The name of a port that they have. */
  readonly port?: string;
}

const shape = /^service\/(?<namespace>[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)\/(?<name>[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)(?:\?(?<query>.+))?$/;
const value = /^[A-Za-z\d](?:[\w.-]{0,251}[A-Za-z\d])?$/;
const expected = `expected service/NAMESPACE/NAME, and behind it none or more of ?${selectors.join('=, &')}=`;

/** Whether a word is meant as a service: no name and no address has a slash. */
export function isServiceReference(text: string): boolean {
  return text.startsWith('service/');
}

/** Throws an Error that says what is wrong with the word. */
export function readServiceReference(text: string): ServiceReference {
  const { namespace, name, query } = shape.exec(text)?.groups ?? {};
  if (namespace === undefined || name === undefined) throw new Error(`'${text}' is not a service, ${expected}`);
  const chosen: Partial<Record<(typeof selectors)[number], string>> = {};
  for (const part of query?.split('&') ?? []) {
    const [key, found, ...more] = part.split('=');
    const selector = selectors.find((each) => each === key);
    if (selector === undefined) throw new Error(`'${text}': unknown '${key}', expected one of ${selectors.join(', ')}`);
    if (chosen[selector] !== undefined) throw new Error(`'${text}': '${selector}' is there twice`);
    if (found === undefined || more.length > 0 || !value.test(found)) throw new Error(`'${text}': '${selector}' has no value, ${expected}`);
    chosen[selector] = selector === 'zone' ? found.toLowerCase() : found;
  }
  return { namespace, name, ...chosen };
}

/** The same text for every way to write a reference. */
export function serviceText(reference: ServiceReference): string {
  const chosen = selectors.flatMap((key) => (reference[key] === undefined ? [] : [`${key}=${reference[key]}`]));
  return `service/${reference.namespace}/${reference.name}${chosen.length === 0 ? '' : `?${chosen.join('&')}`}`;
}
