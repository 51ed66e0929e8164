// Runs the commands of a plan: its fence, and gates that are commands.
import { execFile } from 'node:child_process';
import { messageOf } from 'ferrydns/plugin';

export interface Outcome {
  readonly ok: boolean;
  /** Exit status or reason, and the end of what it printed. */
  readonly text: string;
}

const mostOutput = 2000;

/** Runs a command without a shell; never rejects. `seconds` is how long it may take. */
export function execute(
  command: readonly string[],
  { seconds, env }: { readonly seconds: number; readonly env: Record<string, string> },
): Promise<Outcome> {
  const [program = '', ...args] = command;
  return new Promise((resolve) => {
    // What the command has started may outlive it and keep its output open.
    const timer = setTimeout(() => resolve({ ok: false, text: `killed after ${seconds} s` }), seconds * 1000 + 1000);
    const options = { timeout: seconds * 1000, killSignal: 'SIGKILL', maxBuffer: 1 << 20, env: { ...process.env, ...env } } as const;
    const end = (outcome: Outcome) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    try {
      execFile(program, args, options, (error, stdout, stderr) => {
        const output = `${stdout}${stderr}`.trim().slice(-mostOutput);
        end({ ok: error === null, text: `${describe(error, seconds)}${output === '' ? '' : `: ${output}`}` });
      });
    } catch (error) {
      end({ ok: false, text: messageOf(error) });
    }
  });
}

function describe(
  error: (Error & { readonly killed?: boolean; readonly code?: unknown; readonly signal?: unknown }) | null,
  seconds: number,
): string {
  if (error === null) return 'exit status 0';
  if (error.killed === true) return `killed after ${seconds} s`;
  if (typeof error.code === 'number') return `exit status ${error.code}`;
  return error.signal == null ? error.message : `ended by ${String(error.signal)}`;
}
