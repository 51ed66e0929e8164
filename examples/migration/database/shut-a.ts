// The fence: tells the databases given to refuse everybody, and succeeds only when each of them says that it does. It may be run again.
//   node shut-a.ts ADDRESS:PORT...
import { talk } from './talk.ts';

const answers = await Promise.all(process.argv.slice(2).map(shut));
process.exitCode = answers.length > 0 && answers.every((done) => done) ? 0 : 1;

async function shut(endpoint: string): Promise<boolean> {
  const [address = '', port] = endpoint.split(':');
  const answer = await talk({ address, port: Number(port), line: 'shut' }).catch((error: Error) => error.message);
  process.stdout.write(`${endpoint}: ${answer}\n`);
  return answer === 'shut';
}
