// Records as text, as a zone file has them (RFC 1035 section 5.1), for people, logs and tests.
import type { ResourceRecord } from './record.ts';

/** A record as "www.example.org. 30 IN A 192.0.2.1"; data of a type without a text form here as "\# LENGTH HEX" (RFC 3597 section 5). */
export function presentRecord(record: ResourceRecord): string {
  return `${record.name} ${record.ttl} ${record.class} ${record.type} ${presentData(record)}`;
}

function presentData(record: ResourceRecord): string {
  const { data, rdata, type } = record;
  if (data instanceof Uint8Array) return unknownData(rdata);
  if (type === 'TXT') return (data as readonly Uint8Array[]).map(quote).join(' ');
  if (type === 'HINFO') return `"${Object.values(data as object).join('" "')}"`;
  if (typeof data === 'string') return data;
  const fields = fieldOrder[type];
  if (fields !== undefined) return fields.map((field) => String((data as Record<string, unknown>)[field])).join(' ');
  return unknownData(rdata);
}

/** RFC 3597 section 5. */
function unknownData(rdata: Uint8Array): string {
  return `\\# ${rdata.length}${rdata.length === 0 ? '' : ` ${Buffer.from(rdata).toString('hex')}`}`;
}

const fieldOrder: Readonly<Record<string, readonly string[]>> = {
  MX: ['preference', 'exchange'],
  SRV: ['priority', 'weight', 'port', 'target'],
  SOA: ['mname', 'rname', 'serial', 'refresh', 'retry', 'expire', 'minimum'],
};

/** A character string in quotes. */
function quote(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    const char = String.fromCharCode(byte);
    if (byte < 0x20 || byte >= 0x7f) text += `\\${String(byte).padStart(3, '0')}`;
    else text += char === '"' || char === '\\' ? `\\${char}` : char;
  }
  return `"${text}"`;
}
