// An event as a line: JSON, or logfmt, as "name=www.example.org. rcode=NOERROR". Neither holds a character that a terminal or a reader of lines may obey.
import type { QueryEvent } from 'ferrydns/built-in';

export type LineForm = 'json' | 'logfmt';

/** Without a line end. */
export function eventLine(form: LineForm, event: QueryEvent): string {
  return form === 'json' ? escaped(JSON.stringify(event)) : logfmt(event);
}

/** What is not there is left out. */
function logfmt(event: QueryEvent): string {
  const fields = Object.entries(event).flatMap(([key, value]) => (value === null || value === '' ? [] : [`${key}=${logfmtValue(String(value))}`]));
  return fields.join(' ');
}

function logfmtValue(text: string): string {
  return /^[\w.:/\-[\],%*+@]+$/.test(text) ? text : escaped(JSON.stringify(text));
}

/** What JSON leaves as it is: DEL, C1, and all that is not ASCII. */
function escaped(json: string): string {
  return json.replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
