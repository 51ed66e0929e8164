// Asks the server now and then who this page is to it. That also tells whether the server is there when nothing else is asked.
import { get, post, remove } from '../server/ask.ts';
import { type Session, session } from '../server/connection.ts';

const every = 5000;

/** Asks until the returned function is called. */
export function watchSession(): () => void {
  let over = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = async () => {
    await refresh().catch(() => undefined);
    if (!over) timer = setTimeout(look, every);
  };
  void look();
  return () => {
    over = true;
    clearTimeout(timer);
  };
}

/** Rejects with a Failure when the token is another one. */
export async function logIn(token: string): Promise<void> {
  await post('/session', { token });
  await refresh();
}

export async function logOut(): Promise<void> {
  await remove('/session');
  await refresh();
}

async function refresh(): Promise<void> {
  const found = await get<Session>('/session');
  const { role, tokenNeeded, by } = session.value;
  if (found.role === role && found.tokenNeeded === tokenNeeded && (found.by ?? null) === by) return;
  session.set({ role: found.role, tokenNeeded: found.tokenNeeded, by: found.by ?? null });
}
