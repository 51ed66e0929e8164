// Says over HTTP whether every plugin of the process is ready to answer.
import {
  type Awaitable,
  after,
  choice,
  definePlugin,
  type HttpResponse,
  httpAddress,
  type Logger,
  optional,
  type ServerControl,
  setting,
} from 'ferrydns/plugin';

const monitor = choice('until-ready', 'continuously');

export default definePlugin({
  name: 'ready',
  summary: 'says over HTTP whether every plugin is ready',
  config: {
    args: { address: optional(httpAddress, ':8181') },
    block: {
      monitor: setting(
        { ...monitor, parse: parseMonitor },
        'whether a plugin that has been ready once is asked again; until-ready unless given',
        'until-ready',
      ),
    },
  },
  setup: ({ address, monitor }, { log }) => ({
    start(context) {
      const readiness = new Readiness(context.server, monitor === 'continuously');
      context.serve(address, '/ready', () => readiness.respond(log));
    },
  }),
});

function parseMonitor(word: string): 'until-ready' | 'continuously' {
  if (word !== 'until-ready' && word !== 'continuously') throw new Error(`monitor type '${word}' not supported`);
  return word;
}

/** What is still missing. The instances of one configuration always come in the same order, so that a place in it stands for one of them. */
class Readiness {
  private readonly server: ServerControl;
  private readonly continuously: boolean;
  private readonly done = new Set<number>();

  constructor(server: ServerControl, continuously: boolean) {
    this.server = server;
    this.continuously = continuously;
  }

  respond(log: Logger): Awaitable<HttpResponse> {
    if (this.server.stopping) return { status: 503, body: 'Shutting down' };
    return after(this.server.readiness(), (said) => this.answer(this.missing(said), log));
  }

  private answer(missing: string, log: Logger): HttpResponse {
    if (missing === '') return { status: 200, body: 'OK' };
    log.info(`Plugins not ready: "${missing}"`);
    return { status: 503, body: missing };
  }

  /** Names of the plugins that are not ready, in order, each once. */
  private missing(said: Awaited<ReturnType<ServerControl['readiness']>>): string {
    const names = new Set<string>();
    for (const [place, { name, ready }] of said.entries()) {
      if (ready !== true && !this.done.has(place)) names.add(name);
      if (ready === true && !this.continuously) this.done.add(place);
    }
    return [...names].sort().join(',');
  }
}
