// A configuration for those who may only read: what lets in elsewhere is blank.

const blank = '***';
/** A word behind which the rest of a line is a credential. */
const credentials = /(\S*(?:secret|passwd|password|credential|token|(?:access|account|api|private)[_-]?key)\S*)[ \t]+([^\s{].*)$/i;
/** A name and a password in an address. */
const account = /(\w+:\/\/)[^\s/@]+@/g;

/** The text without passwords and keys. References to the environment stay: they say a name, not what it holds. */
export function blanked(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(credentials, hide).replace(account, `$1${blank}@`))
    .join('\n');
}

function hide(_: string, name: string, words: string): string {
  const open = /\s*\{\s*$/.exec(words)?.[0] ?? '';
  return `${name} ${blank}${open === '' ? '' : ' {'}`;
}
