// Reads one line of an access list: ACTION [type QTYPE...] [net SOURCE...].
import { typeMnemonic } from 'ferrydns/built-in';
import { NetworkTable, type SetupContext, type Word } from 'ferrydns/plugin';
import type { Action, Policy } from './access-list.ts';

const actions: readonly string[] = ['allow', 'block', 'filter', 'drop'];

/** Refuses the configuration where the line is wrong, with CoreDNS's words. */
export function parsePolicy([first, ...rest]: readonly Word[], context: SetupContext): Policy {
  const action = first?.text.toLowerCase() ?? '';
  if (!isAction(action)) context.fail(`unexpected token "${first?.text}"; expect 'allow', 'block', 'filter' or 'drop'`, first);
  const sections = sectionsOf(rest, context);
  const types = wordsOf(sections, 'type').map((word) => (word.text === '*' ? undefined : typeOf(word, context)));
  const networks = wordsOf(sections, 'net');
  return {
    action,
    types: types.length === 0 || types.includes(undefined) ? undefined : new Set(types.filter((type) => type !== undefined)),
    networks: networks.length === 0 || networks.some(({ text }) => text === '*') ? undefined : tableOf(networks, context),
    written: `${[first, ...rest].map((word) => word?.text).join(' ')} (${first?.place.file}:${first?.place.line})`,
  };
}

/** A keyword, `type` or `net`, and the words behind it. */
interface Section {
  readonly keyword: string;
  readonly words: readonly Word[];
}

function sectionsOf(words: readonly Word[], context: SetupContext): Section[] {
  const sections: Section[] = [];
  for (let at = 0; at < words.length; ) {
    const word = words[at] as Word;
    if (!isKeyword(word)) context.fail(`unexpected token "${word.text}"; expect 'type | net'`, word);
    const next = words.findIndex((each, i) => i > at && isKeyword(each));
    const end = next === -1 ? words.length : next;
    const keyword = word.text.toLowerCase();
    if (end === at + 1) context.fail(`no token specified in "${keyword}" section`, word);
    sections.push({ keyword, words: words.slice(at + 1, end) });
    at = end;
  }
  return sections;
}

/** The words of the sections with this keyword; what stands behind a `*` means nothing. */
function wordsOf(sections: readonly Section[], keyword: string): Word[] {
  return sections
    .filter((section) => section.keyword === keyword)
    .flatMap(({ words }) => {
      const all = words.findIndex(({ text }) => text === '*');
      return all === -1 ? words : words.slice(0, all + 1);
    });
}

function typeOf(word: Word, context: SetupContext): number {
  return typeMnemonic(word.text) ?? context.fail(`unexpected token "${word.text}"; expect legal QTYPE`, word);
}

function tableOf(words: readonly Word[], context: SetupContext): NetworkTable<true> {
  const table = new NetworkTable<true>();
  for (const word of words) {
    try {
      table.set(word.text, true);
    } catch {
      const whole = word.text.includes('/') ? '' : word.text.includes(':') ? '/128' : '/32';
      context.fail(`illegal CIDR notation "${word.text}${whole}"`, word);
    }
  }
  return table;
}

function isAction(word: string): word is Action {
  return actions.includes(word);
}

function isKeyword({ text }: Word): boolean {
  return /^(?:type|net)$/i.test(text);
}
