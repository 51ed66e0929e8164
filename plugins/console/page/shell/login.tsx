// Asks for the token of the console.
import { useState } from 'preact/hooks';
import { Icon } from '../parts/icon.tsx';
import { logIn } from './session.ts';

export function Login() {
  const [token, setToken] = useState('');
  const [wrong, setWrong] = useState('');
  const [asking, setAsking] = useState(false);
  const submit = (event: Event) => {
    event.preventDefault();
    setAsking(true);
    setWrong('');
    logIn(token)
      .catch((error: Error) => setWrong(error.message))
      .finally(() => setAsking(false));
  };
  return (
    <main class="login">
      <form class="panel" onSubmit={submit}>
        <h1>
          <Icon name="ferry" /> ferrydns
        </h1>
        <p>
          This console asks for a token: the first line of the file that the Corefile names behind <code>token</code>.
        </p>
        <label for="token">Token</label>
        <input
          id="token"
          type="password"
          autocomplete="current-password"
          required
          value={token}
          aria-invalid={wrong !== ''}
          aria-describedby="token-wrong"
          onInput={(event) => setToken(event.currentTarget.value)}
        />
        <p id="token-wrong" class="wrong" role="alert">
          {wrong}
        </p>
        <button type="submit" class="main" disabled={asking}>
          Log in
        </button>
      </form>
    </main>
  );
}
