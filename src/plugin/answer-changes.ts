// What a plugin that knows of changes tells those in front of it that keep answers: which are no longer true.
import type { Name } from '../dns/name.ts';
import { capability } from './capability.ts';

/** A plugin that knows when its answers change, as caches of its server block use it. */
export interface AnswerChanges {
  /** Calls back with every question that was answered and whose answer is no longer true. Returns how to end that. */
  subscribe(forget: (name: Name, typeCode: number) => void): () => void;
}

/** By this caches find those behind them that know of changes. */
export const answerChanges = capability<AnswerChanges>('answerChanges');
