// What was seen, as text that is the same on every run: ports, folders and ids replaced by their placeholders.
import type { Exchange } from '../support/client.ts';
import { type Message, MessageError, readMessage, recordText, type TestRecord } from '../support/message.ts';
import type { Observation, Step } from './case.ts';

/** The heading of a step in the recording. */
export function stepText(step: Step): string {
  if (typeof step === 'string') return step;
  if ('ask' in step) return step.ask;
  if ('raw' in step) return step.note;
  if ('tally' in step) return `${step.of} of ${step.tally}`;
  if ('together' in step) return `together: ${step.together.join(' | ')}`;
  if ('http' in step) return `GET ${step.http}`;
  if ('pause' in step) return `pause ${step.pause} ms`;
  if ('write' in step) return `write ${step.write}`;
  return `upstream ${step.upstream} ${step.on ? 'on' : 'off'}`;
}

/** The observation of one exchange. */
export function observed({ bytes, clientPort }: Exchange, values: ReadonlyMap<string, string>): Observation {
  if (bytes === undefined) return { reply: 'no reply' };
  const message = parsed(bytes);
  if (typeof message === 'string') return { reply: message };
  const lines = (records: readonly TestRecord[]): string[] => records.map((record) => opaque(recordText(record), values, clientPort));
  const flags = message.flags.filter((flag) => flag !== 'qr');
  return {
    reply: [message.rcode, ...(message.flags.includes('qr') ? [] : ['not a reply']), ...flags].join(' '),
    ...(message.opcode === 0 ? {} : { opcode: message.opcode }),
    question: message.questions.map((question) => `${question.name} ${question.class} ${question.type}`).join(', ') || 'none',
    answer: lines(message.answer),
    authority: lines(message.authority),
    additional: lines(message.additional),
    opt: optText(message),
    wire: `${message.length} bytes${message.compressed ? ', compressed' : ''}`,
  };
}

function parsed(bytes: Buffer): Message | string {
  try {
    return readMessage(bytes);
  } catch (error) {
    if (error instanceof MessageError) return `malformed reply ${bytes.toString('hex')}: ${error.message}`;
    throw error;
  }
}

function optText({ opt, opts, trailing }: Message): string {
  if (opt === undefined) return 'none';
  const options = opt.options.map(({ code, data }) => `option ${code}:${data}`);
  const extra = [...(opts > 1 ? [`${opts} OPT records`] : []), ...(trailing > 0 ? [`${trailing} bytes after the end`] : [])];
  return [`version ${opt.version}`, `size ${opt.size}`, ...(opt.do ? ['do'] : []), ...options, ...extra].join(', ');
}

/** Puts placeholders where this run's own ports and folders stand. */
export function opaque(text: string, values: ReadonlyMap<string, string>, clientPort = 0): string {
  // The server label names the address only where bind does; in tests ferrydns listens on loopback by default.
  // The serial number of a zone of a cluster is the second of its last change, 0 before one.
  let result = text.replaceAll('dns://127.0.0.1:', 'dns://:').replaceAll(/( hostmaster\.\S+ )(?:0|1\d{9}) /g, '$1SERIAL ');
  for (const [name, value] of values) {
    if (name === 'DIR') result = result.replaceAll(value, '{{DIR}}');
    else if (!value.includes('.')) result = result.replaceAll(new RegExp(`\\b${value}\\b`, 'g'), `{{${name}}}`);
  }
  if (clientPort === 0) return result.replaceAll(/127\.0\.0\.1:\d+->/g, 'CLIENT->');
  const hex = clientPort.toString(16).padStart(4, '0');
  return result.replaceAll(new RegExp(`\\b${clientPort}\\b`, 'g'), '{{CLIENT}}').replaceAll(`:${hex}`, ':{{CLIENT}}');
}
