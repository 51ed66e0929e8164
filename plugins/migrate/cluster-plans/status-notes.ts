// How a plan stands, in an annotation of its ConfigMap, for the team: what the servers agree on, so that each of them would write the same.
import { type Logger, messageOf } from 'ferrydns/plugin';
import type { Runner } from '../runner/runner.ts';
import { NotPermitted, type PlanFound } from './api.ts';
import { annotationsOf } from './order-words.ts';
import { idOf, type PlanText } from './plan-text.ts';

/** Characters of a status. */
const longest = 1000;
/** Milliseconds for which a namespace is left alone where something could not be written. */
const rest = 60_000;

export interface StatusNotesOptions {
  readonly log: Logger;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  /** Sets an annotation of the ConfigMap; null: takes it away. */
  annotate(about: PlanText, annotation: string, text: string | null): Promise<void>;
}

export class StatusNotes {
  private readonly options: StatusNotesOptions;
  /** By id what this server would have there. Servers that differ do not write against each other: each writes when its own news has changed. */
  private readonly told = new Map<string, string>();
  private readonly restUntil = new Map<string, number>();
  private readonly said = new Map<string, string>();

  constructor(options: StatusNotesOptions) {
    this.options = options;
  }

  /** Never rejects: that it is not written harms nothing. */
  async tell({ plan, annotations }: PlanFound, text: string): Promise<void> {
    const there = annotations[annotationsOf(plan)?.status ?? ''];
    if (there !== undefined && (there === text || this.told.get(idOf(plan)) === text)) return;
    if (await this.write(plan, text.slice(0, longest))) this.told.set(idOf(plan), text);
  }

  /** The plan is there no more. Never rejects. */
  async clear(plan: PlanText): Promise<void> {
    this.told.delete(idOf(plan));
    await this.write(plan, null);
  }

  private async write(plan: PlanText, text: string | null): Promise<boolean> {
    const { namespace } = plan;
    const annotation = annotationsOf(plan)?.status;
    if (annotation === undefined || this.options.now() < (this.restUntil.get(namespace) ?? 0)) return false;
    try {
      await this.options.annotate(plan, annotation, text);
      this.said.delete(namespace);
      return true;
    } catch (error) {
      this.restUntil.set(namespace, this.options.now() + rest);
      this.complain(namespace, error);
      return false;
    }
  }

  private complain(namespace: string, error: unknown): void {
    const reason = messageOf(error);
    if (this.said.get(namespace) === reason) return;
    this.said.set(namespace, reason);
    // Whoever does not give the right wants it so.
    this.options.log[error instanceof NotPermitted ? 'info' : 'warn'](`how plans stand is not written into ConfigMaps: ${reason}`);
  }
}

/** In one line; `refusal`: why the text that stands in the ConfigMap is not in force. Undefined: nothing is known yet. */
export function statusLine(runner: Runner | undefined, refusal: string | undefined): string | undefined {
  const parts = [
    ...(runner === undefined ? [] : standing(runner)),
    ...(refusal === undefined ? [] : [`the text that stands here is refused: ${refusal}`]),
  ];
  return parts.length === 0 ? undefined : parts.join('; ');
}

function standing({ agreed }: Runner): readonly string[] {
  if (agreed === null) return [];
  const { epoch, phase, step, paused, since, ordered } = agreed;
  const place = `epoch ${epoch}, ${phase}${phase === 'transition' ? `, step ${step + 1}` : ''}${paused ? ', paused' : ''}`;
  const time = `since ${new Date(since).toISOString()}`;
  if (ordered === undefined) return [place, time];
  return [place, time, `order '${ordered.order}' ${ordered.refused === null ? 'carried out' : `refused: ${ordered.refused}`}`];
}
