// The console: an address where everything that a server tells of is told, with a page for browsers.
import { movedPlan, recentQueries } from 'ferrydns/built-in';
import { type AdminAccess, adminUse, chosenAdminAddress, examineAdmin, openConsole, readConsoleAccess } from 'ferrydns/built-in/admin';
import {
  capability,
  definePlugin,
  type ExamineContext,
  flag,
  type Handle,
  type Instance,
  many,
  type Provided,
  property,
  provide,
  type RequestObserver,
  requestObserver,
  type SetupContext,
  type StartContext,
  sharedState,
  value,
  words,
} from 'ferrydns/plugin';
import { configurationPages, type Found } from './configuration.ts';
import { Overview } from './overview.ts';
import { pageFiles } from './page-files.ts';
import type { Past } from './past.ts';
import type { WorkerNews } from './processes.ts';
import { recordOf, type ServerRecord } from './record.ts';

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

/** By this the consoles of a configuration find the one that counts. */
const consoles = capability<Console>('console');
const newsState = sharedState<never, WorkerNews>('news');

/** Milliseconds from one look at the time to the next. */
const pace = 1000;
/** Milliseconds from one look at plans and pools to the next. */
const look = 2000;

export default definePlugin({
  name: 'console',
  summary: 'shows in a browser what the server does, and takes orders there',
  config: grammar,
  setup({ address, tls, token, reader, readonly, host: hosts }, context) {
    const [at, extra] = address;
    if (extra !== undefined) context.fail(`unexpected '${extra.text}', expected a block with the options of the console`, extra);
    const options = { tls: tls?.files, token: token?.file, reader: reader?.file, readonly, hosts: hosts?.names ?? [] };
    return new Console(readConsoleAccess({ place: at?.text ?? usualAddress, at }, options, context), context);
  },
});

class Console implements Instance {
  readonly provides: readonly Provided[];
  private readonly access: AdminAccess;
  private readonly context: SetupContext;
  private readonly record: ServerRecord;
  /** The one of several that counts, and has what was counted. */
  private leader: Console = this;
  private overview: Overview | undefined;
  private found: Found = { recent: undefined, plans: [] };
  private started: StartContext | undefined;

  constructor(access: AdminAccess, context: SetupContext) {
    this.access = access;
    this.context = context;
    this.record = recordOf(context.metrics, context.now);
    const observer: RequestObserver = this.record.traffic;
    this.provides = [provide(adminUse, { label, access }), provide(consoles, this), provide(requestObserver, observer)];
  }

  escort(block: readonly Instance[]): Handle | undefined {
    return this.record.traffic.escort(block, this);
  }

  examine(examined: ExamineContext): void {
    examineAdmin(this.access, this.context, examined);
    this.found = { recent: examined.everywhere(recentQueries)[0], plans: examined.everywhere(movedPlan) };
    this.leader = examined.everywhere(consoles)[0] ?? this;
  }

  start(given: StartContext): void {
    const overview = this.leader.overview ?? this.count(given);
    if (!given.server.primary) return;
    this.started = given;
    const logins = this.context.metrics.counter('ferrydns_console_logins_total', 'Tokens shown for a session, by what came of it.', ['outcome']);
    const pages = { ...pageFiles(), ...overview.pages, ...configurationPages(given, this.found), ...this.record.past.pages };
    const { sessions } = this.record;
    const told = openConsole(given, this.access, { label, sessions, observe: (outcome) => logins({ outcome }).add(), pages });
    if (this.leader === this) given.every(look, () => this.look(told));
  }

  serving(): void {
    if (this.started === undefined) return;
    const address = chosenAdminAddress(this.access, this.started.server) ?? this.access.address;
    this.context.log.info(`console at ${address.startsWith('unix:') ? address : urlOf(address, this.access.tls !== undefined)}`);
  }

  /** Keeps how plans and pools stand. */
  private async look(told: ReturnType<typeof openConsole>): Promise<void> {
    const now = new Date();
    const { past } = this.record;
    past.seePlans(((await told.read('/migrations')) ?? []) as Parameters<Past['seePlans']>[0], now);
    past.seePools(((await told.read('/pools')) ?? []) as Parameters<Past['seePools']>[0], now);
  }

  /** Keeps the last hour, or tells the process that does. */
  private count({ server, share, every }: StartContext): Overview {
    const { now, memoryLimit } = this.context;
    const { version, primary } = server;
    const overview = new Overview({ version, now, memoryLimit, record: this.record, configuration: () => server.configuration() });
    this.overview = overview;
    const news = share(newsState, { told: (told) => overview.hear(told) });
    every(pace, () => {
      if (primary) overview.tick();
      else news.tell(overview.news());
    });
    return overview;
  }
}

/** What is to be typed into a browser of this machine. */
function urlOf(address: string, tls: boolean): string {
  const here = address.startsWith(':') ? `localhost${address}` : address;
  return `${tls ? 'https' : 'http'}://${here}/`;
}

function readHost(word: string): string {
  if (!/^[a-z0-9_]([a-z0-9._-]{0,251}[a-z0-9_])?$/i.test(word)) throw new Error(`'${word}' is not a name of a host`);
  return word.toLowerCase();
}
