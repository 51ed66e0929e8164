// The IP addresses that words of `bind` stand for: themselves, or all of a network interface.
import { isIP } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import type { SetupContext, Word } from 'ferrydns/plugin';

/** A name of an interface goes before an address of the same spelling. Refuses a word that is neither. */
export function addressesOf(words: readonly Word[], context: SetupContext): string[] {
  const interfaces = networkInterfaces();
  return words.flatMap((word) => {
    const { text } = word;
    const own = Object.hasOwn(interfaces, text) ? interfaces[text] : undefined;
    if (own !== undefined) return own.map((info) => addressOf(info, text));
    if (isIP(text) === 0 || text.includes('%')) context.fail(`not a valid IP address or interface name: "${text}"`, word);
    return [text];
  });
}

/** A link-local IPv6 address means something only together with its interface (RFC 4007 section 11). */
function addressOf(info: NetworkInterfaceInfo, name: string): string {
  return info.family === 'IPv6' && /^fe[89ab]/i.test(info.address) ? `${info.address}%${name}` : info.address;
}
