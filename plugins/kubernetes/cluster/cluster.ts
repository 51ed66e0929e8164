// The cluster as one process knows it: the primary one watches the API server, the others of the server are told by it.
import type { ServiceIndex } from './service-index.ts';

export interface Cluster {
  readonly index: ServiceIndex;
  /** What is still missing for answers to be whole, in words; undefined when all is there. */
  missing(): string | undefined;
  /** Seconds since the API server was heard of, for the kind of object where that is longest ago; undefined before the first time. */
  staleness(): number | undefined;
  /** What goes wrong with the API server at present, in words. */
  trouble(): string | undefined;
}
