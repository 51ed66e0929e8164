// Whether an error of a configuration says what CoreDNS says.

/** Ferrydns says it in words of its own: one grammar reads all plugins, so the same mistake has the same words, with what was expected (`error-words`). */
export const ownWords: readonly RegExp[] = [
  /unknown property '/,
  /is out of range/,
  /Wrong argument count or unexpected line ending after/,
  /this plugin can only be used once per Server Block/,
  /: (unexpected|invalid log file:?|invalid duration) /,
  / is not a (whole )?number\b/,
  /, expect(ed|ing) /,
  /do not go together/,
  /there is no function/,
  /' stands twice, first in line /,
  /on [\d.]+ - it is already defined/,
  /\b(ENOENT|ECONNREFUSED)\b/,
];

/** The words of CoreDNS, or own ones. */
export function saysTheSame(coredns: string, ferrydns: string): boolean {
  const [theirs, ours] = [bare(coredns), bare(ferrydns)];
  // The option or plugin in front of the reason.
  const reason = ours.replace(/^[\w.-]+: /, '');
  return ours.includes(theirs) || theirs.includes(reason) || ownWords.some((own) => own.test(ferrydns));
}

/** Without what says where in Go's own libraries, or in whose folder, something is wrong. */
function bare(message: string): string {
  return message
    .replaceAll(/\{\{DIR\}\}|\/tmp\/ferrydns-\w+/g, 'DIR')
    .replaceAll(
      /^(Error during parsing|Syntax error): |^plugin\/\w+: |\btime: |strconv\.\w+: |template: \w+:\d+: | \(\d+:\d+\) {2}\|.*$|U\+[\dA-F]+ /g,
      '',
    )
    .replaceAll('"', "'")
    .replaceAll(/\s+/g, ' ')
    .toLowerCase()
    .trim();
}
