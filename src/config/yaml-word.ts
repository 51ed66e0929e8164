// How one word is written in YAML.

const decimal = /^(0|[1-9]\d{0,14})$/;
const ipv4 = /^(\d{1,3}\.){3}\d{1,3}$/;
const durations = /^(\d{1,9}(ns|us|ms|s|m|h))+$/;
const plain = /^[a-z/][\w./-]*$/i;
/** What YAML 1.1, which many readers still speak, takes for a truth value, for nothing or for a number. */
const taken = /^(y|n|yes|no|on|off|true|false|null|nil|inf|nan|infinity|e\d+)$/i;

/** A word as all readers of YAML, of version 1.1 as well as 1.2, read it as these very characters: in quotes where one of them would see something else. */
export function writeYamlWord(text: string): string {
  if (decimal.test(text) || ipv4.test(text) || durations.test(text)) return text;
  if (plain.test(text) && !taken.test(text)) return text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: characters that YAML holds only as escapes
  const unprintable = /[\u0000-\u001f\u007f-\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\ud800-\udfff\ufeff\ufffe\uffff]/;
  if (!unprintable.test(text)) return `'${text.replaceAll("'", "''")}'`;
  const escaped = JSON.stringify(text).replaceAll(new RegExp(unprintable, 'g'), (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return escaped;
}
