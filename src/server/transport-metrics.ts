// What the sockets and listeners of the server have done, as metrics.
import type { MetricsRegistry } from '../metrics/registry.ts';
import type { Listening } from '../transport/answerer.ts';

/** Each counter of the sockets as a metric. */
const datagrams: Readonly<Record<string, { readonly counter: string; readonly help: string }>> = {
  ferrydns_udp_received_total: { counter: 'received', help: 'Datagrams received.' },
  ferrydns_udp_receive_calls_total: { counter: 'receiveCalls', help: 'System calls that received datagrams.' },
  ferrydns_udp_sent_total: { counter: 'sent', help: 'Datagrams sent.' },
  ferrydns_udp_send_calls_total: { counter: 'sendCalls', help: 'System calls that sent datagrams.' },
  ferrydns_udp_truncated_total: { counter: 'truncated', help: 'Datagrams longer than a query may be, of which only the start was seen.' },
  ferrydns_udp_unanswerable_total: { counter: 'unanswerable', help: 'Datagrams that no answer can go to.' },
  ferrydns_udp_receive_errors_total: { counter: 'receiveErrors', help: 'Failures to receive, those told by ICMP included.' },
  ferrydns_udp_shed_total: { counter: 'shed', help: 'Datagrams dropped unread, because more had been asked for some time than could be answered.' },
  ferrydns_udp_send_errors_total: { counter: 'sendErrors', help: 'Datagrams that the system refused to send.' },
  ferrydns_udp_send_blocked_total: { counter: 'sendBlocked', help: 'Times that the system had no room for what was to be sent.' },
  ferrydns_udp_discarded_total: { counter: 'discarded', help: 'Answers given up because there was no room for too long.' },
};

/** Exposes the sums over the sockets that are open; sockets of the dgram transport do not count. */
export function countDatagrams(metrics: MetricsRegistry, sockets: () => readonly Listening[]): void {
  for (const [name, { counter, help }] of Object.entries(datagrams)) {
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
