// The plans of this server at an admin address: how they stand, and what an operator may order. `docs/admin-api.yaml` describes it.
import { type AdminCollection, type AdminPage, adminHeaders, answerJson } from 'ferrydns/built-in/admin';
import type { HttpResponse } from 'ferrydns/plugin';
import type { AdminPlan } from './admin-plan.ts';
import { Feed } from './feed.ts';
import { carryOut, verbs } from './order.ts';

export const plans: AdminCollection<AdminPlan> = {
  path: '/migrations',
  kind: 'plan',
  pages(members) {
    const feed = new Feed({ status: (plan) => members.get(plan)?.status() });
    const all = () => [...members.values()].map((plan) => plan.status());
    return {
      '/migrations': { method: 'GET', all: () => answerJson(200, all()) },
      '/migrations/events': { method: 'GET', all: () => events(feed, () => members.keys()) },
      '/migrations/{plan}': { method: 'GET', one: (plan) => answerJson(200, plan.status()) },
      '/migrations/{plan}/events': { method: 'GET', one: (plan) => events(feed, () => [plan.name]) },
      ...Object.fromEntries(verbs.map((verb) => [`/migrations/{plan}/${verb}`, order(verb)])),
    };
  },
};

function order(verb: (typeof verbs)[number]): AdminPage<AdminPlan> {
  return { method: 'POST', one: (plan, request) => carryOut(verb, plan, request) };
}

function events(feed: Feed, names: () => Iterable<string>): HttpResponse {
  const stream = (signal: AbortSignal) => feed.events(names, signal);
  return { status: 200, body: 'retry: 1000\n\n', contentType: 'text/event-stream', headers: adminHeaders, stream };
}
