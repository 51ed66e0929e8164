// One site as a process of its own: a primary and its read replica, at one address each, that keep a record of who uses them.
//   node database.ts PORT ADDRESS...
import { createServer, type Socket } from 'node:net';
import type { Served } from './site.ts';

const [port = '', ...addresses] = process.argv.slice(2);
const served: Served[] = [];
let shut = false;
let opening = addresses.length;

for (const address of addresses) {
  createServer((socket) => listen(socket, address)).listen(Number(port), address, () => {
    opening--;
    if (opening === 0) process.stdout.write('ready\n');
  });
}

function listen(socket: Socket, address: string): void {
  let heard = '';
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString();
    if (heard.endsWith('\n')) socket.end(`${answer(heard.trimEnd(), address)}\n`);
  });
}

function answer(line: string, address: string): string {
  const [word, who = ''] = line.split(' ');
  if (word === 'report') return JSON.stringify({ shut, served });
  if (word === 'shut') {
    shut = true;
    return 'shut';
  }
  if (word !== 'use' || shut) return 'refused';
  served.push({ who, address, at: Date.now() });
  return 'done';
}
