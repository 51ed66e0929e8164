// What an instance may know of the server as a whole, and ask of it.
import type { CheckedConfiguration } from '../plugin/check-apart.ts';
import type { ServerControl } from '../plugin/plugin.ts';
import type { ReloadOutcomes } from '../plugin/reload-guard.ts';
import type { Block } from './block.ts';
import type { Generation } from './generation.ts';
import type { Readiness, Sockets } from './protocol.ts';
import { version } from './version.ts';

/** The server, as far as instances get to see it. */
export interface Controlled {
  readonly primary: boolean;
  readonly rehearsing: boolean;
  readonly starting: boolean;
  readonly stopping: boolean;
  readiness(generation: Generation): ReturnType<ServerControl['readiness']> | Readiness;
  readHash(): Promise<string>;
  requestReload(how?: { readonly force?: boolean }): Promise<void>;
  readonly reloads: ReloadOutcomes;
  sockets(): Sockets;
  httpPort(address: string): number | undefined;
  expose: ServerControl['expose'];
  checkConfiguration(text: string, generation: Generation): Promise<CheckedConfiguration>;
  checkPlan: ServerControl['checkPlan'];
  forecastPlan: ServerControl['forecastPlan'];
  fatal(message: string): void;
}

/** The control that the instances of a block get. */
export function controlOf(server: Controlled, generation: Generation, block: Block): ServerControl {
  return {
    get starting() {
      return server.starting;
    },
    get stopping() {
      return server.stopping;
    },
    version,
    primary: server.primary,
    rehearsing: server.rehearsing,
    configurationHash: generation.configuration.hash,
    configuration: () => generation.asRead(),
    readiness: () => server.readiness(generation),
    readConfigurationHash: () => server.readHash(),
    lookForChangedFiles: () => generation.lookForChangedFiles(),
    checkConfiguration: (text) => server.checkConfiguration(text, generation),
    checkPlan: (text, clients) => server.checkPlan(text, clients),
    forecastPlan: (plan, clients) => server.forecastPlan(plan, clients),
    reload: (how) => server.requestReload(how),
    reloads: () => server.reloads,
    listeners: () =>
      generation.listeners
        .filter(({ answering }) => block.keys.some(({ zone }) => answering.router.serves(zone)))
        .flatMap(({ name }) => server.sockets().get(name) ?? []),
    httpPort: (address) => server.httpPort(address),
    expose: () => server.expose(),
    fatal: (message) => server.fatal(message),
  };
}
