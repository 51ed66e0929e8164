// What somebody has to look at now.
import type { PlanStatus } from 'ferrydns/built-in/moves';
import { Sentence } from '../parts/words.tsx';

export function AlarmList({ status }: { readonly status: PlanStatus }) {
  const { alarms, damage, without_plan: without } = status;
  return (
    <>
      {damage !== null && (
        <div class="notice bad" role="alert">
          <strong>The plan is stopped, and its names are not answered:</strong> <Sentence text={damage} />
        </div>
      )}
      {alarms.map(({ about, text }) => (
        <div key={`${about} ${text}`} class="notice bad" role="alert">
          <strong>Alarm:</strong> <Sentence text={text} />
        </div>
      ))}
      {without.length > 0 && (
        <div class="notice warn">
          <strong>Some blocks answer the names without this plan</strong>, so what is said of A does not hold for those who ask there:{' '}
          {without.map(({ server, zone, place }) => `${zone} at ${server} (${place})`).join(', ')}
        </div>
      )}
    </>
  );
}
