// The process log: one line an entry, "[LEVEL] plugin/NAME: text", as scripts that read CoreDNS's log expect.

/** Where lines go; each is without its line end. */
export type Output = (line: string) => void;

/** What a plugin logs with; its name is put in front. */
export interface Logger {
  /** Printed only where `debug` is on. */
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  /** Whether debug lines are printed, for messages that cost something to make. */
  readonly debugging: boolean;
}

/** Switches shared by the loggers of one process. */
export interface LogSwitches {
  debug: boolean;
  quiet: boolean;
}

/** A logger that puts `prefix` ("plugin/cache: ") behind the level. Control characters in a message are escaped, so that a name cannot forge a line. */
export function makeLogger(output: Output, switches: LogSwitches, prefix = ''): Logger {
  const write = (level: string, message: string) => output(`[${level}] ${prefix}${escapeControls(message)}`);
  return {
    debug(message) {
      if (switches.debug) write('DEBUG', message);
    },
    info: (message) => write('INFO', message),
    warn: (message) => write('WARNING', message),
    error: (message) => write('ERROR', message),
    get debugging() {
      return switches.debug;
    },
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const controls = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

function escapeControls(message: string): string {
  return message.replace(controls, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** Collects lines and writes them to a stream once per turn of the event loop. */
export function streamOutput(stream: { write(text: string): unknown }): Output {
  let pending: string[] = [];
  const flush = () => {
    const text = pending.join('\n');
    pending = [];
    stream.write(`${text}\n`);
  };
  return (line) => {
    if (pending.push(line) === 1) setImmediate(flush);
  };
}
