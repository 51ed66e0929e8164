// A worker process of `multisocket`: a server that is told what to do by the process that started it, and ends with it.
import { Link } from './link.ts';
import type { Opening } from './listeners.ts';
import type { MainCalls, Order, Sockets, WorkerCalls, WorkerRole } from './protocol.ts';
import type { Registry } from './registry.ts';
import { Server } from './server.ts';
import { surviveStrayErrors } from './stray-errors.ts';

/** What a terminal or a service manager sends to every process of a server is the main process's business. */
const foreignSignals = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/** Serves what the parent process orders, until it says stop or is gone. */
export function runWorker(registry: Registry, process: NodeJS.Process): void {
  for (const signal of foreignSignals) process.on(signal, () => {});
  process.on('disconnect', () => process.exit(0));
  let openings: ReadonlyMap<string, Opening> = new Map();
  let server: Server | undefined;
  let prepared: Awaited<ReturnType<Server['prepare']>> | undefined;
  const link = new Link<WorkerCalls, MainCalls>(process, {
    async prepare(order) {
      openings = order.openings;
      server ??= makeServer(order);
      prepared = await server.prepare(order);
      return describe(server);
    },
    async commit() {
      await prepared?.commit();
      return describe(server);
    },
    abandon: async () => prepared?.abandon(),
    retire: async () => prepared?.retire(),
    stopping: () => server?.announceStop(),
    async stop(how) {
      await server?.stop({ lameduck: false, ...how });
      return (await server?.metrics.collect()) ?? [];
    },
    collect: async () => (await server?.metrics.collect()) ?? [],
    readiness: async () => (await server?.readiness()) ?? [],
    update: (piece) => server?.statesOf(piece)?.update(piece),
  });
  const role: WorkerRole = {
    opening: ({ name }) => openings.get(name),
    follow: (address) => link.tell('follow', address),
    note: (note, sent) => link.tell('note', note, sent),
    fatal: (message) => link.tell('fatal', message),
    reload: () => link.call('reload', undefined),
    expose: () => link.call('expose', undefined),
  };
  const makeServer = ({ settings }: Order) => {
    const source = { file: '', read: () => '' };
    const made = new Server({ ...settings, source, registry, output: (line) => link.tell('log', line), worker: role });
    surviveStrayErrors(made, process);
    return made;
  };
}

/** Sockets as plain data. */
function describe(server: Server | undefined): Sockets {
  const sockets = server?.sockets() ?? new Map<string, never[]>();
  return new Map(
    [...sockets].map(([name, open]) => [
      name,
      open.map(({ transport, address, port, kind }) => ({ transport, address, port, ...(kind === undefined ? {} : { kind }) })),
    ]),
  );
}
