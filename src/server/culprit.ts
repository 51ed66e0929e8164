// What has caused a failure, in words: the plugin, its directive, the line of its code, and the question.
import { fileURLToPath } from 'node:url';
import type { Query } from '../dns/query.ts';
import type { Step } from './chain.ts';

/** The plugin that a query is with: the one that was entered last, or the one from outside that its reply has come back to. */
export function culpritOf({ exchange }: Query, steps: readonly Step[]): Step | undefined {
  const name = exchange.backIn === '' ? exchange.answeredBy : exchange.backIn;
  return steps.find((step) => step.name === name);
}

/** The question as logs show it: "www.example.org. IN A". */
export function questionText(query: Query): string {
  return `${query.originalName} ${query.class} ${query.type}`;
}

/** What a failure was about. */
export interface Circumstances {
  readonly query: Query;
  /** The chain that the query went through. */
  readonly steps: readonly Step[];
}

/** The text with the plugin that the query is with, the question, and the line of the plugin's directive. */
export function withCircumstances(text: string | undefined, circumstances: Circumstances | undefined): string {
  if (circumstances === undefined) return `${text}`;
  const { query, steps } = circumstances;
  const asked = `question ${questionText(query)}`;
  const step = culpritOf(query, steps);
  return step === undefined ? `${text}; ${asked}` : `plugin/${step.name}: ${text}; ${asked}; ${step.place.file}:${step.place.line}`;
}

/** What was thrown, with the file and the line that it comes from. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [message] = error.message.split('\n');
  const origin = originOf(error);
  return origin === undefined ? `${message}` : `${message} (${origin})`;
}

/** The server's own code: where a plugin has called it with a mistake, the plugin's line is the one to look at. */
const ownFolder = fileURLToPath(new URL('..', import.meta.url));

/** The first file and line that the stack names outside of the server. */
function originOf({ stack }: Error): string | undefined {
  const places = [...(stack ?? '').matchAll(/(?:^|[\s(])(?:file:\/\/)?(\/[^\s():]+:\d+)/gm)].map(([, place = '']) => place);
  return places.find((place) => !place.startsWith(ownFolder));
}
