// The last configuration that was refused since what runs was loaded: why, and what would come of it. It is loaded by a command, not from here.
import { Lines, Moment, Panel } from '../parts/words.tsx';
import { useAsked } from '../server/hooks.ts';
import { linkTo } from '../shell/route.ts';
import { grouped, many } from '../words/count.ts';
import { visibleLines } from '../words/visible.ts';
import type { Reloads } from './configuration-types.ts';
import { ForeseenChanges, LostNames } from './outlook-panel.tsx';

/** Milliseconds from one look to the next. */
const pace = 5000;

function useRefused() {
  return useAsked<Reloads>('/reload', pace).value?.refused ?? null;
}

/** One line, for who looks at something else. */
export function RefusedNotice() {
  const refused = useRefused();
  if (refused === null) return null;
  return (
    <p class="notice bad">
      <strong>{refused.outlook === null ? 'A reload was refused' : 'The guard has refused a reload'}</strong> at <Moment at={refused.at} />: what ran
      before runs on. <a href={linkTo('configuration')}>See why</a>
    </p>
  );
}

/** All of it. */
export function RefusedReload() {
  const refused = useRefused();
  if (refused === null) return null;
  const { at, reason, outlook } = refused;
  const side = (
    <span class="note">
      at <Moment at={at} />, what ran before runs on
    </span>
  );
  if (outlook === null) {
    return (
      <Panel title="The last reload was refused" side={side}>
        <Lines label="Why the reload was refused" text={visibleLines(reason)} />
      </Panel>
    );
  }
  return (
    <Panel title="The guard has refused the last reload" side={side}>
      <p class="notice bad">
        <LostNames names={outlook.names} /> That is more than the guard lets pass.
      </p>
      <ForeseenChanges outlook={outlook} />
      <p class="note">
        <code>ferrydns reload -force</code> would load it all the same: {many(outlook.names.lost, 'name')} would lose answers, and{' '}
        {grouped(outlook.changed)} of {many(outlook.asked, 'question')} of the last minutes would be answered otherwise
        {outlook.unknown > 0 && `; ${grouped(outlook.unknown)} cannot be foretold`}. Or mend the Corefile and reload.
      </p>
    </Panel>
  );
}
