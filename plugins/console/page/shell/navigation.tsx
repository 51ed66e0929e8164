// The list of views. On a narrow screen it is behind the menu button.
import { useEffect } from 'preact/hooks';
import { Icon } from '../parts/icon.tsx';
import { Cell } from '../server/cell.ts';
import { useCell } from '../server/hooks.ts';
import { plans } from '../server/plans.ts';
import { many } from '../words/count.ts';
import { linkTo, titles, type View, views } from './route.ts';

export const menuOpen = new Cell(false);

export function Navigation({ view }: { readonly view: View }) {
  const open = useCell(menuOpen);
  useEffect(() => {
    const close = (event: KeyboardEvent) => {
      if (event.key === 'Escape') menuOpen.set(false);
    };
    document.addEventListener('keydown', close);
    return () => document.removeEventListener('keydown', close);
  }, []);
  return (
    <nav id="navigation" class={open ? 'open' : ''} aria-label="Views">
      <ul>
        {views.map((each) => (
          <li key={each}>
            <a href={linkTo(each)} aria-current={each === view ? 'page' : undefined} onClick={() => menuOpen.set(false)}>
              <Icon name={each} />
              {titles[each]}
              {each === 'moves' && <Alarms />}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Alarms() {
  const found = useCell(plans);
  const count = [...(found?.values() ?? [])].reduce((sum, { status }) => sum + status.alarms.length + (status.damage === null ? 0 : 1), 0);
  if (count === 0) return null;
  return (
    <span class="count bad" title={many(count, 'alarm')}>
      {count}
      <span class="unseen"> {count === 1 ? 'alarm' : 'alarms'}</span>
    </span>
  );
}
