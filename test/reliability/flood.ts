// A process of its own: sends queries for names that were never asked for, half of which do not exist, until it is ended. Its words are
// the port, and the milliseconds between two times that it sends 250.
import { createSocket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';
import { encodeQuery } from '../../bench/query.ts';

const [port = 0, pause = 0] = process.argv.slice(2).map(Number);
const socket = createSocket('udp4');
socket.on('error', () => {});
process.on('disconnect', () => process.exit(0));
for (let sent = 0; ; ) {
  for (let count = 0; count < 250; count++) {
    socket.send(encodeQuery(sent & 0xffff, `r${++sent}.random.${sent % 2 === 0 ? 'bench' : 'nx'}.`), port, '127.0.0.1');
  }
  await delay(pause);
}
