// What every act of the story has, and what it finds.
import type { Members } from './members.ts';

/** Something that a pool or a plan promises, and what was found. */
export interface Kept {
  readonly what: string;
  readonly promised: string;
  readonly found: string;
  readonly kept: boolean;
}

export type Found = (promise: Kept) => void;

/** What all acts have: the server, the machines, and where to say what was found. */
export interface Stage {
  readonly port: number;
  readonly members: Members;
  readonly found: Found;
}
