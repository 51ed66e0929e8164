// What a server has checked in a process of its own: a text from outside, which may name files that never end, and need more time than an answer has.

/** Something that is wrong or odd. Line and column count from 1; null where they are not known. */
export interface Finding {
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number | null;
}

/** What came of a configuration. */
export interface CheckedConfiguration {
  readonly ok: boolean;
  readonly problems: readonly Finding[];
  readonly warnings: readonly Finding[];
}

/** What came of a plan: its problems, or where it leads; `docs/admin-api.yaml` describes it. */
export type CheckedPlan = { readonly ok: false; readonly problems: readonly Finding[] } | { readonly ok: true; readonly [field: string]: unknown };

/** A warning "FILE:LINE - MESSAGE" of a log, by its parts. */
export function findingOf(warning: string): Finding {
  const {
    plugin = '',
    file = '',
    line = '1',
    message = warning,
  } = /^(?<plugin>plugin\/\S+: )?(?<file>.*?):(?<line>\d+) - (?<message>.*)$/s.exec(warning)?.groups ?? {};
  return { message: `${plugin}${message}`, file, line: Number(line), column: null };
}
