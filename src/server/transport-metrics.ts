// What the sockets and listeners of the server have done, as metrics.
import type { MetricsRegistry } from '../metrics/registry.ts';
import type { Listening } from '../transport/answerer.ts';

const helps: Readonly<Record<string, string>> = {
  received: 'Datagrams received.',
  receiveCalls: 'System calls that received datagrams.',
  sent: 'Datagrams sent.',
  sendCalls: 'System calls that sent datagrams.',
  truncated: 'Datagrams longer than a query may be, of which only the start was seen.',
  unanswerable: 'Datagrams that no answer can go to.',
  receiveErrors: 'Failures to receive, those told by ICMP included.',
  shed: 'Datagrams dropped unread, because more had been asked for some time than could be answered.',
  sendErrors: 'Datagrams that the system refused to send.',
  sendBlocked: 'Times that the system had no room for what was to be sent.',
  discarded: 'Answers given up because there was no room for too long.',
};

/** Exposes the sums over the sockets that are open; sockets of the dgram transport do not count. */
export function countDatagrams(metrics: MetricsRegistry, sockets: () => readonly Listening[]): void {
  for (const [counter, help] of Object.entries(helps)) {
    const name = `ferrydns_udp_${counter.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_total`;
    metrics.counted(name, help, () =>
      sockets().reduce((sum, { counters }) => sum + ((counters as Record<string, number> | undefined)?.[counter] ?? 0), 0),
    );
  }
}

/** Counts the responses of an HTTPS listener by their status. */
export function countResponses(metrics: MetricsRegistry, server: string): (status: number) => void {
  const help = 'Counter of DoH responses per server and http status code.';
  const responses = metrics.counter('coredns_dns_https_responses_total', help, ['server', 'status']);
  return (status) => responses({ server, status: String(status) }).add();
}
