// Says that what is shown is old.
import { connection } from '../server/connection.ts';
import { useCell } from '../server/hooks.ts';
import { timeOfDay } from '../words/length.ts';

export function LostNotice() {
  const { heard, since, reason } = useCell(connection);
  if (heard) return null;
  return (
    <div class="notice bad" role="alert">
      <strong>The server is not heard since {timeOfDay(since)}:</strong> {reason}. What you see is from before. The page tries again by itself.
    </div>
  );
}
