// The console: an address where everything that a server tells of is told, with a page for browsers.
import { adminUse, chosenAdminAddress, openConsole, readConsoleAccess, Sessions } from 'ferrydns/built-in/admin';
import { definePlugin, flag, type Instance, type Metrics, many, property, provide, type StartContext, value, words } from 'ferrydns/plugin';
import { pageFiles } from './page-files.ts';

const usualAddress = '127.0.0.1:8053';
const label = 'the plugin console';
const hostName = value('NAME', readHost, { expected: 'a name of this server as it stands in an address, without a port' });

const grammar = {
  args: { address: words('[ADDRESS|unix:PATH]') },
  block: {
    tls: property({ files: words('CERT KEY [CLIENT_CA]', 2) }, 'serves HTTPS, and lets in whoever has a certificate of CLIENT_CA'),
    token: property({ file: words('FILE', 1) }, 'the file of the token that an operator shows'),
    reader: property({ file: words('FILE', 1) }, 'the file of the token that lets see everything and change nothing'),
    readonly: flag('nobody changes anything here'),
    host: property({ names: many(hostName, 1) }, 'names by which browsers call the address'),
  },
  once: true,
} as const;

/** They outlive a configuration, and belong to a server. */
const sessionsOf = new WeakMap<Metrics, Sessions>();

export default definePlugin({
  name: 'console',
  summary: 'shows in a browser what the server does, and takes orders there',
  config: grammar,
  setup({ address, tls, token, reader, readonly, host: hosts }, context) {
    const [at, extra] = address;
    if (extra !== undefined) context.fail(`unexpected '${extra.text}', expected a block with the options of the console`, extra);
    const options = { tls: tls?.files, token: token?.file, reader: reader?.file, readonly, hosts: hosts?.names ?? [] };
    const access = readConsoleAccess({ place: at?.text ?? usualAddress, at }, options, context);
    const sessions = sessionsOf.get(context.metrics) ?? new Sessions(context.now);
    sessionsOf.set(context.metrics, sessions);
    const logins = context.metrics.counter('ferrydns_console_logins_total', 'Tokens shown for a session, by what came of it.', ['outcome']);
    let started: StartContext | undefined;
    const instance: Instance = {
      provides: [provide(adminUse, { label, access })],
      start(given) {
        if (!given.server.primary) return;
        started = given;
        openConsole(given, access, { label, sessions, observe: (outcome) => logins({ outcome }).add(), pages: pageFiles() });
      },
      serving() {
        if (started === undefined) return;
        const address = chosenAdminAddress(access, started.server) ?? access.address;
        context.log.info(`console at ${address.startsWith('unix:') ? address : urlOf(address, access.tls !== undefined)}`);
      },
    };
    return instance;
  },
});

/** What is to be typed into a browser of this machine. */
function urlOf(address: string, tls: boolean): string {
  const here = address.startsWith(':') ? `localhost${address}` : address;
  return `${tls ? 'https' : 'http'}://${here}/`;
}

function readHost(word: string): string {
  if (!/^[a-z0-9_]([a-z0-9._-]{0,251}[a-z0-9_])?$/i.test(word)) throw new Error(`'${word}' is not a name of a host`);
  return word.toLowerCase();
}
