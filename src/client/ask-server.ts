// One question to one server, for those who wait for nothing else.
import type { Query } from '../dns/query.ts';
import type { Reply } from '../dns/reply.ts';
import type { RemoteServer } from './remote-server.ts';
import { Transaction } from './transaction.ts';

/**
 * The reply as it came, over TCP when the one over UDP was cut. Rejects with an Error that says why when there is none within `timeout` milliseconds.
 */
export function askServer(server: RemoteServer, query: Query, timeout: number): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const asker = {
    replied: (_transaction: Transaction, reply: Reply) => resolve(reply),
    failed: (transaction: Transaction, reason: string) => {
      transaction.abandon();
      reject(new Error(reason));
    },
    overdue: () => undefined,
    unreadable: () => undefined,
  };
  const manner = { tcp: false, tcpWhenCut: true, patience: undefined, timeout };
  new Transaction(asker, { query, server, manner, startedAt: performance.now() }).start();
  return promise;
}
