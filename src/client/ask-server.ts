// One question to one server, for those who wait for nothing else.
import type { Query } from '../dns/query.ts';
import type { Reply } from '../dns/reply.ts';
import type { UdpClient } from '../transport/udp-socket.ts';
import { RemoteServer } from './remote-server.ts';
import type { ServerAddress } from './server-address.ts';
import { Transaction } from './transaction.ts';

/** Nothing counts the sockets. */
const noCounters = { hits: { add: () => undefined }, misses: { add: () => undefined } };
const settings = { expire: 10_000, maxAge: 0, maxIdleConnections: 0, sourceAddress: undefined, httpMethod: 'POST', tls: {} } as const;

/** A server that is asked now and then: nothing is counted or logged. Whoever opens it closes it. */
export function openServer(address: ServerAddress, client: UdpClient): RemoteServer {
  return new RemoteServer(address, { settings, client, counters: () => noCounters, now: () => performance.now(), log: { info: () => undefined } });
}

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
