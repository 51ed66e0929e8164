// The pages below /debug/pprof, where Go has them.
import { type Awaitable, type HttpRequest, type HttpResponse, messageOf } from 'ferrydns/plugin';
import { type Blocking, describeResources, profileAllocations, profileTime, snapshotHeap, traceCollections } from './profiles.ts';

const root = '/debug/pprof';
/** Seconds of a profile unless the request says so, and at most. */
const usualSeconds = 5;
const mostSeconds = 60;

type Respond = (request: HttpRequest) => Awaitable<HttpResponse>;

/** Each page by its path. Profiles that are being made end when the signal aborts. */
export function pages(blocking: Blocking | undefined, signal: AbortSignal): ReadonlyMap<string, Respond> {
  const during = (make: (milliseconds: number, signal: AbortSignal) => Promise<string>, type: string, file?: string): Respond => {
    return async ({ url }) => {
      const seconds = secondsOf(url);
      if (seconds === undefined) return plain(400, `seconds: expected a number up to ${mostSeconds}\n`);
      try {
        return { status: 200, body: await make(seconds * 1000, signal), contentType: type, headers: named(file) };
      } catch (error) {
        return plain(500, `${messageOf(error)}\n`);
      }
    };
  };
  const block = blocking === undefined ? [] : ([['block', () => plain(200, blocking.describe())]] as const);
  const all: readonly (readonly [string, Respond])[] = [
    ['profile', during(profileTime, 'application/json', 'ferrydns.cpuprofile')],
    ['allocs', during(profileAllocations, 'application/json', 'ferrydns.heapprofile')],
    [
      'heap',
      () => ({ status: 200, body: '', contentType: 'application/json', headers: named('ferrydns.heapsnapshot'), stream: () => snapshotHeap() }),
    ],
    ['trace', during(traceCollections, 'text/plain; charset=utf-8')],
    ['goroutine', () => plain(200, describeResources())],
    ['cmdline', () => plain(200, [...process.execArgv, ...process.argv].join('\0'))],
    ...block,
  ];
  const index = `${root}/\n\n${all.map(([name]) => `${root}/${name}: ${abouts[name]}`).join('\n')}\n`;
  return new Map<string, Respond>([
    [root, () => ({ status: 302, body: '', headers: { location: `${root}/` } })],
    [`${root}/`, ({ url }) => (url.pathname === `${root}/` ? plain(200, index) : plain(404, `there is no such page, see ${root}/\n`))],
    ...all.map(([name, respond]) => [`${root}/${name}`, respond] as const),
  ]);
}

const abouts: Readonly<Record<string, string>> = {
  profile: `CPU profile of ?seconds=${usualSeconds}`,
  allocs: `sample of what is allocated in ?seconds=${usualSeconds}`,
  heap: 'heap snapshot; the server answers nothing while it is taken',
  trace: `collections of garbage in ?seconds=${usualSeconds}`,
  goroutine: 'what keeps the process alive, by kind',
  cmdline: 'the command line',
  block: 'how long the event loop was held up',
};

function secondsOf({ searchParams }: URL): number | undefined {
  const given = searchParams.get('seconds') ?? String(usualSeconds);
  const seconds = /^\d+(?:\.\d+)?$/.test(given) ? Number(given) : Number.NaN;
  return seconds > 0 && seconds <= mostSeconds ? seconds : undefined;
}

function plain(status: number, body: string): HttpResponse {
  return { status, body, contentType: 'text/plain; charset=utf-8' };
}

function named(file: string | undefined): Readonly<Record<string, string>> {
  return file === undefined ? {} : { 'content-disposition': `attachment; filename="${file}"` };
}
