// Errors that nobody catches: of timers, sockets and promises that a plugin has left alone, outside of any query.
import type { Server } from './server.ts';

/** From here on such an error costs what it was about, not the server: it is logged with its stack, and counted. The same in every process of a server. */
export function surviveStrayErrors(server: Server, process: NodeJS.Process): void {
  const survive = (error: unknown) => {
    server.metrics.counter('coredns_panics_total', 'A metrics that counts the number of panics.').add();
    server.log.error(`Recovered from an error outside of a query: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  };
  process.on('uncaughtException', survive);
  process.on('unhandledRejection', survive);
}
