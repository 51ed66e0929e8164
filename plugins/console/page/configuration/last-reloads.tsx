// The reload that brought what runs, with what it has changed, and the last one that was refused since: why, and what would come of it. Commands load, not the page.

import type { ReloadStatus } from 'ferrydns/built-in/admin';
import { Fragment } from 'preact';
import type { ToldReload } from '../../told.ts';
import { Lines, Moment, Panel } from '../parts/words.tsx';
import { useAsked } from '../server/hooks.ts';
import { linkTo } from '../shell/route.ts';
import { grouped, many } from '../words/count.ts';
import { shortPlace } from '../words/place.ts';
import { visible, visibleLines } from '../words/visible.ts';
import { ForeseenChanges, LostNames } from './outlook-panel.tsx';
import { DifferentLines } from './text-difference-panel.tsx';

/** Milliseconds from one look to the next. */
const pace = 5000;

function useRefused() {
  return useAsked<ReloadStatus>('/reload', pace).value?.refused ?? null;
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

/** The one that brought what runs. */
export function LastReload({ reload: { at, forced, outlook, changed } }: { readonly reload: ToldReload }) {
  return (
    <Panel
      title="Reloaded"
      side={
        <span class="note">
          at <Moment at={at} />
          {forced && ' by -force, which asks no guard'}
        </span>
      }
    >
      {changed.length === 0 && <p class="note">No line has changed, here or in a file that is imported. Files that plugins read may have.</p>}
      {changed.map(({ file, before, after }) => (
        <Fragment key={file}>
          <h3>{visible(shortPlace(file))}</h3>
          <DifferentLines label={`What has changed in ${visible(shortPlace(file))}`} before={before} after={after} />
        </Fragment>
      ))}
      {outlook !== null && (
        <>
          <p class="note">
            The guard has foreseen: of {many(outlook.asked, 'question')} of the minutes before, {grouped(outlook.changed)} answered otherwise
            {outlook.unknown > 0 && `, ${grouped(outlook.unknown)} not to be foretold`}.
          </p>
          <ForeseenChanges outlook={outlook} />
        </>
      )}
    </Panel>
  );
}

/** All of the one that was refused. */
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
