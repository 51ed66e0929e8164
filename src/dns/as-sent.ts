// A reply as it leaves: with what rendering adds, takes away and stamps.
import type { Query } from './query.ts';
import { minimizeAny, render } from './render.ts';
import { Reply } from './reply.ts';

/** Octets of the largest message (RFC 1035 section 4.2.2). */
const longest = 65_535;

const out = Buffer.allocUnsafeSlow(longest);

/** What a client that takes a message of any size reads out of it. */
export function asSent(reply: Reply, query: Query): Reply {
  const length = render(minimizeAny(reply, query), query, out, longest);
  return Reply.fromWire(Buffer.from(out.subarray(0, length)));
}
