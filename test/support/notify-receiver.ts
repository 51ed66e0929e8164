// A service manager's side of sd_notify: a datagram socket, which Python has and Node has not.
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

const program = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
path = sys.argv[1]
s.bind('\\0' + path[1:] if path.startswith('@') else path)
print('bound', flush=True)
while True:
    print(repr(s.recv(65536).decode()), flush=True)
`;

/** Why no test can receive here; undefined when it can. */
export const noReceiver = spawnSync('python3', ['-c', 'import socket; socket.AF_UNIX']).status === 0 ? undefined : 'python3 is not installed';

/** `await using` ends it. */
export class NotifyReceiver implements AsyncDisposable {
  private readonly child: ChildProcessByStdio<null, Readable, null>;
  private text = '';

  private constructor(path: string) {
    this.child = spawn('python3', ['-c', program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.child.stdout.on('data', (chunk: Buffer) => (this.text += String(chunk)));
  }

  /** Resolves when datagrams can be sent to it. */
  static async open(path: string): Promise<NotifyReceiver> {
    const receiver = new NotifyReceiver(path);
    await once(receiver.child.stdout, 'data');
    return receiver;
  }

  /** Each datagram so far, as its lines; not those by which systemd-notify waits for the others. */
  get messages(): string[][] {
    const lines = this.text.split('\n').slice(1, -1);
    return lines.map((line) => line.slice(1, -1).split('\\n')).filter(([first]) => first !== 'BARRIER=1');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}
