// Answers with who asked: address, port and transport.
import { definePlugin, nameToWire, type Query, Reply, record } from 'ferrydns/plugin';

export default definePlugin({
  name: 'whoami',
  summary: 'returns the address, port and transport of whoever asks',
  config: { repeat: 'merge' },
  setup: () => ({ handle: describeClient }),
});

function describeClient(query: Query): Reply {
  const { client } = query;
  const name = query.originalName;
  // A record has no room for the zone of a link-local address (RFC 4007 section 11).
  const [data] = client.address.split('%');
  const address = record({ name, type: client.family === 6 ? 'AAAA' : 'A', class: query.class, ttl: 0, data });
  const label = client.transport === 'udp' ? '_udp' : '_tcp';
  // Its name would have more than 255 octets (RFC 1035 section 2.3.4).
  if (nameToWire(name).length + label.length + 1 > 255) return Reply.empty('NOERROR', { additionals: [address] });
  const service = record({
    name: `${label}.${name === '.' ? '' : name}`,
    type: 'SRV',
    class: query.class,
    ttl: 0,
    data: { priority: 0, weight: 0, port: client.port, target: '.' },
  });
  return Reply.empty('NOERROR', { additionals: [address, service] });
}
