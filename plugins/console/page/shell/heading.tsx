// The bar at the top.
import { useState } from 'preact/hooks';
import { Icon } from '../parts/icon.tsx';
import { connection, session } from '../server/connection.ts';
import { useCell } from '../server/hooks.ts';
import { menuOpen } from './navigation.tsx';
import { logOut } from './session.ts';
import { nextTheme, theme } from './theme.ts';

export function Heading({ help }: { readonly help: () => void }) {
  const open = useCell(menuOpen);
  return (
    <header class="heading">
      <button type="button" class="quiet menu" aria-expanded={open} aria-controls="navigation" onClick={() => menuOpen.set(!open)}>
        <Icon name="menu" />
        <span class="unseen">Menu</span>
      </button>
      <a class="brand" href="#/overview">
        <Icon name="ferry" />
        ferrydns
      </a>
      <span class="room" />
      <Heard />
      <Who />
      <ThemeButton />
      <button type="button" class="quiet" onClick={help} title="Keys (?)">
        <Icon name="keys" />
        <span class="unseen">Keys and help</span>
      </button>
    </header>
  );
}

function Heard() {
  const { heard } = useCell(connection);
  return (
    <span class={`heard ${heard ? 'good' : 'bad'}`} role="status">
      <span class="dot" aria-hidden="true" />
      <span class="wide-only">{heard ? 'Connected' : 'Connection lost'}</span>
      <span class="unseen narrow-only">{heard ? 'Connected' : 'Connection lost'}</span>
    </span>
  );
}

function Who() {
  const { role, tokenNeeded } = useCell(session);
  const [ending, setEnding] = useState(false);
  const end = () => {
    setEnding(true);
    logOut()
      .catch(() => undefined)
      .finally(() => setEnding(false));
  };
  return (
    <>
      {role === 'reader' && (
        <span class="badge" title="You may look at everything. Orders need the token of an operator.">
          read only
        </span>
      )}
      {tokenNeeded && role !== null && (
        <button type="button" class="quiet" onClick={end} disabled={ending}>
          Log out
        </button>
      )}
    </>
  );
}

function ThemeButton() {
  const chosen = useCell(theme);
  return (
    <button type="button" class="quiet" onClick={nextTheme} title={`Colours: ${chosen} (t)`}>
      <Icon name={chosen === 'dark' ? 'moon' : chosen === 'light' ? 'sun' : 'half'} />
      <span class="unseen">Colours: {chosen}</span>
    </button>
  );
}
