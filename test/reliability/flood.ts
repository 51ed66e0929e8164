// A process of its own: sends queries for names that were never asked for, half of which do not exist, as fast as it can, until it is ended. Its one word is the port.
import { createSocket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';
import { encodeQuery } from '../../bench/query.ts';

const port = Number(process.argv[2]);
const socket = createSocket('udp4');
socket.on('error', () => {});
process.on('disconnect', () => process.exit(0));
for (let sent = 0; ; ) {
  for (let count = 0; count < 250; count++) {
    socket.send(encodeQuery(sent & 0xffff, `r${++sent}.random.${sent % 2 === 0 ? 'bench' : 'nx'}.`), port, '127.0.0.1');
  }
  await delay(5);
}
