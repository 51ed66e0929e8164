// Reads one line of `header`: SELECTOR ACTION FLAGS...
import type { SetupContext, Word } from 'ferrydns/plugin';

const flagNames = { aa: 'authoritative', ra: 'recursionAvailable', rd: 'recursionDesired' } as const;

/** Flags that are set (`on`) or cleared, by the names under which messages are changed. */
export interface FlagRule {
  readonly selector: 'query' | 'response';
  readonly on: boolean;
  readonly flags: readonly (typeof flagNames)[keyof typeof flagNames][];
}

/** Refuses the configuration where the line is wrong, with CoreDNS's words. */
export function parseRule([first, second, ...rest]: readonly Word[], { fail }: Pick<SetupContext, 'fail'>): FlagRule {
  const wrong = (message: string, word = first): never => fail(`setting up rule: ${message}`, word);
  const selector = first?.text.toLowerCase();
  if (selector !== 'query' && selector !== 'response') return wrong(`invalid selector=${selector} should be query or response`);
  const action = second?.text.toLowerCase();
  if (action === undefined) return wrong('no flag action provided');
  if (rest.length === 0) return wrong('invalid length for flags, at least one should be provided', second);
  if (action !== 'set' && action !== 'clear') return wrong(`unknown flag action=${action}, should be set or clear`, second);
  const flags = rest.map((word) => {
    const flag = word.text.toLowerCase();
    return isFlag(flag) ? flagNames[flag] : wrong(`unknown/unsupported flag=${flag}`, word);
  });
  return { selector, on: action === 'set', flags };
}

function isFlag(word: string): word is keyof typeof flagNames {
  return Object.hasOwn(flagNames, word);
}
