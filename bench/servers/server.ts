// What the bench has to know of a server: one file of this folder for each.
import type { Workload } from '../workloads.ts';

/** A server that can be driven. To add one, write its file and put it into the list of `index.ts`. */
export interface BenchServer {
  readonly name: string;
  /** How to get it, for the message that it is missing. */
  readonly install: string;
  /** The arguments that make it print its version. */
  readonly version: readonly string[];
  /** The start of its command line, or undefined when it is not installed. */
  find(): readonly string[] | undefined;
  /** How to start it for a workload, or why it cannot do what the workload asks. */
  launch(workload: Workload, place: Place): Launch | Unable;
}

/** Where a server has to serve and what it may use. All ports are on 127.0.0.1. */
export interface Place {
  /** For UDP and TCP. */
  readonly port: number;
  /** For DNS over TLS or over HTTPS, and the files of its certificate and key. */
  readonly encrypted: { readonly port: number; readonly certificate: string; readonly key: string };
  /** The upstream, over UDP and TCP. */
  readonly upstream: number;
  /** Free ports for metrics, health and readiness. */
  readonly admin: { readonly metrics: number; readonly health: number; readonly ready: number };
  /** Folder for its files; the working directory too. */
  readonly folder: string;
  /** A hosts file with as many entries as the workload wants. */
  readonly hosts: string;
}

/** Why a server is left out of a workload. */
export interface Unable {
  readonly unable: string;
}

export interface Launch {
  /** Behind what `find` gave. */
  readonly args: readonly string[];
  /** Written into the folder before the start. */
  readonly files: readonly { readonly name: string; readonly text: string }[];
}
