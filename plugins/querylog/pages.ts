// The events in memory at the admin addresses. `docs/admin-api.yaml` describes it.
import type { QueryPage } from 'ferrydns/built-in';
import { type AdminCollection, adminHeaders, answerJson, refuseRequest } from 'ferrydns/built-in/admin';
import { type HttpRequest, type HttpResponse, messageOf } from 'ferrydns/plugin';
import { filterNames } from './event-filter.ts';
import { follow } from './feed.ts';
import type { Memory } from './memory.ts';
import { readCount, readParameters, readSearch, search } from './search.ts';

const usualTop = 10;
const mostTop = 100;

export const queries: AdminCollection<Memory> = {
  path: '/queries',
  kind: 'query log',
  pages(members) {
    // All instances of a configuration share one memory.
    const memory = () => members.values().next().value as Memory;
    return {
      '/queries': { method: 'GET', all: (request) => answering(() => list(memory(), request)) },
      '/queries/top': { method: 'GET', all: (request) => answering(() => top(memory(), request)) },
      '/queries/events': { method: 'GET', all: (request) => answering(() => events(memory(), request)) },
    };
  },
};

async function list(memory: Memory, { url }: HttpRequest): Promise<HttpResponse> {
  const wanted = readSearch(url.searchParams, Date.now());
  memory.forget(Date.now());
  const { ring, dropped } = memory;
  const found = await search(memory, wanted);
  const oldest = ring.length === 0 ? null : new Date(ring.timeOf(ring.oldest)).toISOString();
  const page: QueryPage = { ...found, held: ring.length, written: ring.end - 1, dropped, oldest };
  return answerJson(200, page);
}

function top(memory: Memory, { url }: HttpRequest): HttpResponse {
  const { limit } = readParameters(url.searchParams, ['limit']);
  return answerJson(200, memory.top.told(limit === undefined ? usualTop : readCount('limit', limit, mostTop)));
}

function events(memory: Memory, { url }: HttpRequest): HttpResponse {
  const wanted = readSearch(url.searchParams, Date.now(), [...filterNames, 'since']);
  const stream = (signal: AbortSignal) => follow(memory, wanted, signal);
  return { status: 200, body: 'retry: 1000\n\n', contentType: 'text/event-stream', headers: adminHeaders, stream };
}

async function answering(answer: () => HttpResponse | Promise<HttpResponse>): Promise<HttpResponse> {
  try {
    return await answer();
  } catch (error) {
    return refuseRequest(400, messageOf(error));
  }
}
