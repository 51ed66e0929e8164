// What runs, as the console shows it, and texts that somebody wants checked before they are used. Nothing is written from here.
import type { MovedPlan, RecentQueries } from 'ferrydns/built-in';
import { answerJson, blanked, type PageOfAll, readOrderFields, refuseRequest, tellLoaded } from 'ferrydns/built-in/admin';
import {
  type CheckedPlan,
  ConfigErrors,
  findingOf,
  type HttpRequest,
  type HttpResponse,
  type LoadedReload,
  messageOf,
  type Outlook,
  type StartContext,
} from 'ferrydns/plugin';
import type { CheckedText, ToldConfiguration } from './told.ts';

/** Clients of a simulation, unless asked for more or fewer. */
const usualClients = 10_000;
const mostClients = 100_000;
/** Milliseconds back for which is looked at what was asked, and questions of it that are asked again. */
const lately = 600_000;
const mostQuestions = 1000;

/** What the configuration has besides. */
export interface Found {
  /** What was asked lately, where somebody keeps that. */
  readonly recent: RecentQueries | undefined;
  readonly plans: readonly MovedPlan[];
}

interface Surroundings extends Pick<StartContext, 'server' | 'lookAhead'> {
  readonly recent: RecentQueries | undefined;
}

export function configurationPages({ server, lookAhead }: StartContext, { recent, plans }: Found): Readonly<Record<string, PageOfAll>> {
  const loaded = new Date();
  const forecasts = new Forecasts(plans);
  return {
    '/configuration': { method: 'GET', all: (_, role) => answerJson(200, tell(server, loaded, role !== 'operator')) },
    '/configuration/check': { method: 'POST', all: (request) => checkConfiguration(request, { server, lookAhead, recent }) },
    '/forecast': { method: 'GET', all: (request) => forecasts.tell(request, server) },
    '/plans/check': { method: 'POST', for: 'readers', all: (request) => checkPlan(request, server) },
  };
}

function tell(server: StartContext['server'], loaded: Date, secret: boolean): ToldConfiguration {
  const { file, sources, warnings, blocks } = server.configuration();
  const { loaded: reload } = server.reloads();
  const told = (text = '') => (secret ? blanked(text) : text);
  const changedTexts = ({ file, before, after }: LoadedReload['changed'][number]) => ({ file, before: told(before), after: told(after) });
  return {
    file,
    text: told(sources.get(file)),
    loaded: loaded.toISOString(),
    reload: reload === undefined ? null : { ...tellLoaded(reload), changed: reload.changed.map(changedTexts) },
    warnings: warnings.map(findingOf),
    blocks: blocks.map(({ routes, place, uses }) => ({
      server: [...new Set(routes.map((route) => route.server))].join(' '),
      zone: [...new Set(routes.map(({ zone }) => zone))].join(' '),
      view: routes[0]?.view ?? '',
      place: `${place.file}:${place.line}`,
      plugins: uses.map(({ plugin }) => plugin.name),
    })),
  };
}

async function checkConfiguration({ body }: HttpRequest, around: Surroundings): Promise<HttpResponse> {
  const fields = readOrderFields(body, ['text']);
  if (typeof fields === 'string') return refuseRequest(400, fields);
  const { text } = fields;
  if (typeof text !== 'string') return refuseRequest(400, "no 'text', expected the text of a Corefile");
  try {
    const checked = await around.server.checkConfiguration(text);
    const told: CheckedText = { ...checked, outlook: checked.ok ? await outlookOf(text, around) : null };
    return answerJson(200, told);
  } catch (error) {
    return refuseRequest(503, messageOf(error));
  }
}

/** What would change for those who have asked of late; null where nobody knows who that is, or the text cannot be set up beside what runs. */
async function outlookOf(text: string, { server, lookAhead, recent }: Surroundings): Promise<Outlook | null> {
  if (recent === undefined) return null;
  try {
    return await lookAhead({ text, file: server.configuration().file, questions: recent.since(lately).slice(0, mostQuestions) });
  } catch (error) {
    if (error instanceof ConfigErrors) return null;
    throw error;
  }
}

/** A plan that is in use, drawn once for a configuration: it does not change. */
class Forecasts {
  private readonly plans: ReadonlyMap<string, MovedPlan>;
  private readonly drawn = new Map<string, CheckedPlan>();

  constructor(plans: readonly MovedPlan[]) {
    this.plans = new Map(plans.map((plan) => [plan.name, plan]));
  }

  async tell({ url }: HttpRequest, server: StartContext['server']): Promise<HttpResponse> {
    const name = url.searchParams.get('plan');
    if (name === null || url.searchParams.size > 1) return refuseRequest(400, "expected the parameter 'plan' alone");
    const moved = this.plans.get(name);
    if (moved === undefined) return refuseRequest(404, `no such plan: ${name}`);
    try {
      const drawn = this.drawn.get(name) ?? (await server.forecastPlan(moved.plan, usualClients));
      this.drawn.set(name, drawn);
      return answerJson(200, drawn);
    } catch (error) {
      return refuseRequest(503, messageOf(error));
    }
  }
}

async function checkPlan({ body }: HttpRequest, server: StartContext['server']): Promise<HttpResponse> {
  const fields = readOrderFields(body, ['text', 'clients']);
  if (typeof fields === 'string') return refuseRequest(400, fields);
  const { text, clients = usualClients } = fields;
  if (typeof text !== 'string') return refuseRequest(400, "no 'text', expected the text of a plan file");
  if (typeof clients !== 'number' || !Number.isInteger(clients) || clients < 1 || clients > mostClients) {
    return refuseRequest(400, `'clients' is no number, expected 1 to ${mostClients}`);
  }
  try {
    return answerJson(200, await server.checkPlan(text, clients));
  } catch (error) {
    return refuseRequest(503, messageOf(error));
  }
}
