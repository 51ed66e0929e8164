// A large field for a file that is pasted, with the numbers of its lines.

import type { Finding } from 'ferrydns/plugin';
import type { Ref } from 'preact';
import { useRef } from 'preact/hooks';

interface TextParts {
  readonly label: string;
  readonly value: string;
  readonly change: (text: string) => void;
  readonly placeholder?: string;
  readonly field: Ref<HTMLTextAreaElement>;
  /** Lines to mark. */
  readonly marked?: ReadonlySet<number>;
  readonly rows?: number;
}

export function TextField({ label, value, change, placeholder = '', field, marked = new Set(), rows = 14 }: TextParts) {
  const numbers = useRef<HTMLDivElement>(null);
  const count = Math.max(value.split('\n').length, 1);
  return (
    <div class="text-field">
      <div class="numbers" ref={numbers} aria-hidden="true">
        {Array.from({ length: count }, (_, i) => (
          <div key={i} class={marked.has(i + 1) ? 'marked' : ''}>
            {i + 1}
          </div>
        ))}
      </div>
      <textarea
        ref={field}
        aria-label={label}
        rows={rows}
        wrap="off"
        spellcheck={false}
        autocomplete="off"
        placeholder={placeholder}
        value={value}
        onInput={(event) => change(event.currentTarget.value)}
        onScroll={(event) => {
          if (numbers.current !== null) numbers.current.scrollTop = event.currentTarget.scrollTop;
        }}
      />
    </div>
  );
}

/** Moves the cursor to the place of a problem. */
export function goTo(field: HTMLTextAreaElement | null, { line, column }: Finding): void {
  if (field === null) return;
  const lines = field.value.split('\n');
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  const at = start + Math.min((column ?? 1) - 1, lines[line - 1]?.length ?? 0);
  field.focus();
  field.setSelectionRange(at, start + (lines[line - 1]?.length ?? 0));
  field.scrollTop = Math.max(0, (line - 4) * (field.scrollHeight / Math.max(lines.length, 1)));
}

/** The lines that problems are at. */
export function linesOf(problems: readonly Finding[]): ReadonlySet<number> {
  return new Set(problems.map(({ line }) => line));
}
