// The question of an event, to be asked again.
import type { NumberedEvent } from 'ferrydns/built-in';

/** Whose address is hidden in the log cannot be asked for: then this machine asks. */
export function questionOf({ name, type, client, server }: NumberedEvent): Record<string, string> {
  const address = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]*:[0-9a-f:.]*)(?:\/\d+)?$/i.test(client) ? client.replace(/\/\d+$/, '') : undefined;
  return { name, type, ...(address === undefined ? {} : { client: address }), ...(server === '' ? {} : { server }) };
}
