// Files and free ports for a parity case.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';

/** Writes files under a folder; folders in their names are made. */
export async function writeFiles(directory: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
}

/** A port that is free for UDP and TCP on every address of this machine. */
export async function freePort(): Promise<number> {
  for (;;) {
    const tcp = createServer().listen(0);
    await once(tcp, 'listening');
    const bound = tcp.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    const udp = createSocket('udp6');
    const free = await new Promise<boolean>((resolve) => {
      udp.once('error', () => resolve(false));
      udp.bind(port, () => resolve(true));
    });
    udp.close();
    tcp.close();
    await once(tcp, 'close');
    if (free) return port;
  }
}
