// Questions as others are asked them: from a file, standard input, or a socket file to which a server writes dnstap. What it is shows in its first octets.
import { createReadStream } from 'node:fs';
import { createServer } from 'node:net';
import { addAbortSignal, PassThrough } from 'node:stream';
import type { QuestionReader } from './captured-question.ts';
import { DnstapReader } from './dnstap-reader.ts';
import { LogReader } from './log-reader.ts';
import { PcapReader } from './pcap-reader.ts';
import type { FileQuestion } from './question-file.ts';

const pcap: ReadonlySet<number> = new Set([0xa1b2c3d4, 0xa1b23c4d, 0xd4c3b2a1, 0x4d3cb2a1]);
const pcapng = 0x0a0d0d0a;
/** Octets by which a format is known. */
const magic = 4;

/** Ends with the file, or when the signal aborts. Rejects with an Error that names the source when it cannot be read. */
export async function* followQuestions(source: string, signal: AbortSignal): AsyncGenerator<FileQuestion, void> {
  const reader = new GuessingReader();
  try {
    for await (const piece of source.startsWith('unix:') ? await connections(source.slice('unix:'.length), signal) : piecesOf(source, signal)) {
      yield* Array.isArray(piece) ? (piece as readonly FileQuestion[]) : reader.push(piece as Buffer);
    }
  } catch (error) {
    if (signal.aborted) return;
    throw new Error(`${source === '-' ? 'standard input' : source}: ${(error as Error).message}`, { cause: error });
  }
}

/** Finds out by the first octets what it reads. */
class GuessingReader implements QuestionReader {
  private reader: QuestionReader | undefined;
  private head: Buffer = Buffer.alloc(0);

  push(piece: Buffer): readonly FileQuestion[] {
    if (this.reader !== undefined) return this.reader.push(piece);
    this.head = Buffer.concat([this.head, piece]);
    if (this.head.length < magic) return [];
    this.reader = readerFor(this.head);
    return this.reader.push(this.head);
  }
}

function piecesOf(source: string, signal: AbortSignal): AsyncIterable<unknown> {
  // Who writes there may go on for ever.
  return source === '-' ? addAbortSignal(signal, process.stdin) : createReadStream(source, { signal });
}

function readerFor(head: Buffer): QuestionReader {
  const first = head.readUInt32BE(0);
  if (pcap.has(first)) return new PcapReader();
  if (first === pcapng) throw new Error('pcapng is not read, expected pcap: tcpdump -w writes it');
  return first === 0 ? new DnstapReader() : new LogReader();
}

/** What servers say that connect to a socket file. One that says rubbish is cut off; the others go on. */
function connections(path: string, signal: AbortSignal): Promise<AsyncIterable<readonly FileQuestion[]>> {
  const questions = new PassThrough({ objectMode: true });
  const server = createServer((socket) => {
    const reader = new DnstapReader((frame) => socket.write(frame));
    socket.on('error', () => socket.destroy());
    signal.addEventListener('abort', () => socket.destroy());
    socket.on('data', (piece) => {
      try {
        const found = reader.push(Buffer.from(piece));
        // A stream that nobody reads as fast as it comes waits at the socket.
        if (found.length > 0 && !questions.write([...found])) {
          socket.pause();
          questions.once('drain', () => socket.resume());
        }
      } catch {
        socket.destroy();
      }
    });
  });
  signal.addEventListener('abort', () => {
    server.close();
    questions.end();
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => resolve(questions));
  });
}
