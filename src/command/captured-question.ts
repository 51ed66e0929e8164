// The question in a DNS message that somebody else has captured.
import { readQuery } from '../dns/header.ts';
import { ownClient } from '../dns/own-query.ts';
import { readUint16 } from '../dns/wire.ts';
import type { FileQuestion } from './question-file.ts';

/** Reads captures piece by piece. */
export interface QuestionReader {
  /** The questions that are whole by now. Throws an Error that says why what comes cannot be read. */
  push(piece: Buffer): readonly FileQuestion[];
}

/** Undefined for what is no query of class IN for records. */
export function questionIn(message: Buffer): FileQuestion | undefined {
  const query = readQuery(message, 0, message.length, ownClient, 0);
  if (typeof query === 'number' || query.opcode !== 0 || query.classCode !== 1 || readUint16(message, 2) >= 0x8000) return undefined;
  return query.typeCode >= 249 && query.typeCode <= 252 ? undefined : { name: query.name, type: query.type };
}
