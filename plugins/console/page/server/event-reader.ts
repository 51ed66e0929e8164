// Reads server-sent events from pieces of text (HTML standard, section 9.2.6), as far as this server sends them.

export interface ServerEvent {
  readonly type: string;
  readonly data: string;
}

/** A line that is longer than this is no event of ours. */
const longest = 8 * 1024 * 1024;

export class EventReader {
  private rest = '';
  private type = '';
  private data: string[] = [];

  /** The events that end within this piece. Throws an Error when one has no end. */
  read(piece: string): ServerEvent[] {
    const lines = (this.rest + piece).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? '';
    if (this.rest.length > longest) throw new Error('an event of the server has no end');
    return lines.flatMap((line) => this.take(line) ?? []);
  }

  private take(line: string): ServerEvent | undefined {
    if (line === '') return this.dispatch();
    const colon = line.indexOf(':');
    const [field, value] = colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
    if (field === 'event') this.type = value;
    else if (field === 'data') this.data.push(value);
    return undefined;
  }

  private dispatch(): ServerEvent | undefined {
    const { type, data } = this;
    this.type = '';
    this.data = [];
    return data.length === 0 ? undefined : { type: type === '' ? 'message' : type, data: data.join('\n') };
  }
}
