// The frame around every view: where one is, how the server is heard, who one is.
import type { PlanStatus } from 'ferrydns/built-in/moves';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ConfigurationView } from '../configuration/configuration-view.tsx';
import { ExplainView } from '../explain/explain-view.tsx';
import { MovesView } from '../moves/moves-view.tsx';
import { OverviewView } from '../overview/overview-view.tsx';
import { PoolsView } from '../pools/pools-view.tsx';
import { QueriesView } from '../queries/queries-view.tsx';
import { get } from '../server/ask.ts';
import { session } from '../server/connection.ts';
import { useCell } from '../server/hooks.ts';
import { followPlans } from '../server/plans.ts';
import { ShadowView } from '../shadow/shadow-view.tsx';
import { Heading } from './heading.tsx';
import { HelpDialog } from './help.tsx';
import { listenToKeys } from './keys.ts';
import { Login } from './login.tsx';
import { LostNotice } from './lost-notice.tsx';
import { Navigation } from './navigation.tsx';
import { type Route, readRoute, titles, type View } from './route.ts';
import { watchSession } from './session.ts';
import { nextTheme } from './theme.ts';

const shown: Readonly<Record<View, (route: Route) => JSX.Element>> = {
  overview: () => <OverviewView />,
  queries: ({ query }) => <QueriesView query={query} />,
  moves: ({ subject }) => <MovesView subject={subject} />,
  pools: () => <PoolsView />,
  shadow: () => <ShadowView />,
  explain: ({ query }) => <ExplainView query={query} />,
  configuration: () => <ConfigurationView />,
};

/** What the skip link leads to. */
const content = 'content';

export function App() {
  const route = useRoute();
  const [help, setHelp] = useState(false);
  const main = useRef<HTMLElement>(null);
  const { role } = useCell(session);
  const inside = role === 'operator' || role === 'reader';
  useEffect(watchSession, []);
  useEffect(() => (inside ? followPlans(() => get<PlanStatus[]>('/migrations')) : undefined), [inside]);
  useEffect(
    () =>
      listenToKeys([
        { key: '?', does: 'show this list', act: () => setHelp(true) },
        { key: 't', does: 'light, dark, or as the system', act: nextTheme },
      ]),
    [],
  );
  useTitle(route, main);
  if (role === null) return <Login />;
  return (
    <div class="frame">
      <a class="skip" href={`#${content}`}>
        Skip to the content
      </a>
      <Heading help={() => setHelp(true)} />
      <Navigation view={route.view} />
      <main ref={main} id={content} tabIndex={-1}>
        <LostNotice />
        {inside ? shown[route.view](route) : <p class="waiting-first">Asking the server…</p>}
      </main>
      {help && <HelpDialog close={() => setHelp(false)} />}
    </div>
  );
}

function useRoute(): Route {
  const [route, setRoute] = useState(() => readRoute(location.hash));
  const shown = useRef(location.hash);
  useEffect(() => {
    const change = () => {
      // The skip link has moved the keyboard, and names no view.
      if (location.hash === `#${content}`) history.replaceState(null, '', `${location.pathname}${shown.current}`);
      shown.current = location.hash;
      setRoute(readRoute(location.hash));
    };
    addEventListener('hashchange', change);
    return () => removeEventListener('hashchange', change);
  }, []);
  return route;
}

/** A new view is told to those who do not see it: by the title, and by where the keyboard is. */
function useTitle({ view, subject }: Route, main: { readonly current: HTMLElement | null }): void {
  const first = useRef(true);
  useEffect(() => {
    document.title = `${subject === undefined ? '' : `${subject} · `}${titles[view]} · ferrydns`;
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
    scrollTo(0, 0);
  }, [view, subject, main]);
}
