// Why something could not be had.
import type { Failure } from '../server/ask.ts';

export function FailureNote({ failure }: { readonly failure: Failure | undefined }) {
  // That the server is not heard is said at the top of the page.
  if (failure === undefined || failure.status === 0) return null;
  return (
    <p class="notice warn" role="alert">
      {failure.message}
    </p>
  );
}
