// A member of a pool, in a process of its own: takes connections, and has an agent that says what it is told on standard input.
//   node member.ts ADDRESS PORT AGENT_PORT
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

const [address = '', port, agentPort] = process.argv.slice(2);
let said = 'up 100%';

const service = createServer((socket) => socket.on('error', () => undefined).end());
const agent = createServer((socket) => socket.on('error', () => undefined).end(`${said}\n`));
service.listen(Number(port), address);
agent.listen(Number(agentPort), address);
await Promise.all([once(service, 'listening'), once(agent, 'listening')]);

createInterface(process.stdin).on('line', (line) => {
  said = line;
});
// Nobody is left behind when the example ends.
process.stdin.on('end', () => process.exit(0));
process.stdout.write('ready\n');
