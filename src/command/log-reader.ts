// Queries in a log: JSON objects with name and type, as of `querylog`, or the lines of CoreDNS's `log`. Other lines are left out.
import { readQuestion } from '../plugin/explanation.ts';
import type { QuestionReader } from './captured-question.ts';
import type { FileQuestion } from './question-file.ts';

/** Characters of a line at most. */
const longest = 65_536;
/** What CoreDNS's usual format has between quotes: "A IN www.example.org. udp 45 false 4096". */
const common = /"(\S+) IN (\S+) (?:udp|tcp|tls|https|grpc|quic) \d+ (?:true|false) \d+"/;

export class LogReader implements QuestionReader {
  private rest = '';
  private readonly decoder = new TextDecoder();

  push(piece: Buffer): readonly FileQuestion[] {
    const lines = (this.rest + this.decoder.decode(piece, { stream: true })).split('\n');
    this.rest = lines.pop() ?? '';
    if (this.rest.length > longest) throw new Error(`a line of more than ${longest} characters, expected a log of queries`);
    return lines.flatMap((line) => {
      const question = questionOf(line);
      return question === undefined ? [] : [question];
    });
  }
}

function questionOf(line: string): FileQuestion | undefined {
  try {
    const found = wordsOf(line);
    return found === undefined ? undefined : readQuestion(found);
  } catch {
    return undefined;
  }
}

function wordsOf(line: string): { readonly name: string; readonly type: string } | undefined {
  const at = line.indexOf('{"');
  if (at !== -1) {
    const { name, type } = JSON.parse(line.slice(at)) as Readonly<Record<string, unknown>>;
    return typeof name === 'string' && typeof type === 'string' ? { name, type } : undefined;
  }
  const [, type, name] = common.exec(line) ?? [];
  return name === undefined || type === undefined ? undefined : { name, type };
}
