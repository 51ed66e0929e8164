// What is told of the plans of this server at an admin address, and what an operator asks of them. `docs/admin-api.yaml` describes it.
import { type AdminCollection, type AdminPage, adminHeaders, answerJson, type HttpResponse } from 'ferrydns/plugin';
import { Feed } from './feed.ts';
import { carryOut, verbs } from './order.ts';
import type { Told } from './told.ts';

/** A plan of this name could not be asked for. */
export const reservedName = 'events';

export const plans: AdminCollection<Told> = {
  path: '/migrations',
  kind: 'plan',
  pages(members) {
    const feed = new Feed({ status: (plan) => members.get(plan)?.status() });
    const all = () => [...members.values()].map((told) => told.status());
    return {
      '/migrations': { method: 'GET', all: () => answerJson(200, all()) },
      '/migrations/events': { method: 'GET', all: () => events(feed, () => members.keys()) },
      '/migrations/{plan}': { method: 'GET', one: (told) => answerJson(200, told.status()) },
      '/migrations/{plan}/events': { method: 'GET', one: (told) => events(feed, () => [told.name]) },
      ...Object.fromEntries(verbs.map((verb) => [`/migrations/{plan}/${verb}`, order(verb)])),
    };
  },
};

function order(verb: (typeof verbs)[number]): AdminPage<Told> {
  return { method: 'POST', one: (told, request) => carryOut(verb, told, request) };
}

function events(feed: Feed, names: () => Iterable<string>): HttpResponse {
  const stream = (signal: AbortSignal) => feed.events(names, signal);
  return { status: 200, body: 'retry: 1000\n\n', contentType: 'text/event-stream', headers: adminHeaders, stream };
}
