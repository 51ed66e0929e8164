// The process log: one line an entry, "[LEVEL] plugin/NAME: text", as scripts that read CoreDNS's log expect, or in one of two other forms.

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

/** How the lines of the process log are written: for people and scripts, as JSON objects, or with the priorities that journald reads (sd-daemon(3)). */
export type LogForm = 'text' | 'json' | 'journal';

type Level = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'FATAL';

/** Switches shared by the loggers of one process. */
export interface LogSwitches {
  debug: boolean;
  readonly form: LogForm;
}

/** What is logged, before it is a line. */
interface LogEntry {
  readonly level: Level;
  readonly plugin?: string | undefined;
  readonly message: string;
}

/** A logger for a plugin, or for the server itself. */
export function makeLogger(output: Output, switches: LogSwitches, plugin?: string): Logger {
  const write = (level: Level, message: string) => output(formatEntry(switches.form, { level, plugin, message }));
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

/** The line of an entry. Control characters of a message are escaped, so that a name cannot forge a line. */
export function formatEntry(form: LogForm, { level, plugin, message }: LogEntry): string {
  if (form === 'json') return formatObject({ level: level.toLowerCase(), ...(plugin === undefined ? {} : { plugin }), message });
  const text = `${plugin === undefined ? '' : `plugin/${plugin}: `}${escapeControls(message)}`;
  return form === 'journal' ? withPriority(level, text) : `[${level}] ${text}`;
}

/** One object of JSON on a line, with the time of this moment. */
function formatObject(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ time: new Date().toISOString(), ...fields }).replace(
    unseen,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The line of an object that a plugin logs: JSON in every form. */
export function objectLine(form: LogForm, fields: Readonly<Record<string, unknown>>): string {
  return plainLine(form, formatObject(fields));
}

/** A line whose form is a plugin's: as it stands in every form. */
export function plainLine(form: LogForm, line: string): string {
  return form === 'journal' ? withPriority('INFO', line) : line;
}

/** Numbers of syslog. */
const priorities: Readonly<Record<Level, number>> = { FATAL: 2, ERROR: 3, WARNING: 4, INFO: 6, DEBUG: 7 };

/** Puts the priority in front of each line, as journald takes each for an entry. */
function withPriority(level: Level, text: string): string {
  return text.replace(/^/gm, `<${priorities[level]}>`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const controls = /[\u0000-\u0008\u000b-\u001f\u007f]/g;
/** What JSON leaves as it is, and a terminal or a reader of lines may obey. */
const unseen = /[\u007f-\u009f\u2028\u2029]/g;

/** What a terminal may obey stands as \xNN; tabs and ends of lines stay. */
export function escapeControls(message: string): string {
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
