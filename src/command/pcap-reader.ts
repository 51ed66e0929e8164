// Queries in a pcap file (draft-ietf-opsawg-pcap): UDP to port 53 over Ethernet, Linux cooked capture, or IP alone. Fragments are left out.
import { type QuestionReader, questionIn } from './captured-question.ts';
import type { FileQuestion } from './question-file.ts';

/** Octets of the head of a file, of the head of a packet, and of a packet at most. */
const fileHead = 24;
const packetHead = 16;
const longest = 262_144;
const port = 53;
const ipv4 = 0x0800;
const ipv6 = 0x86dd;
const vlan: ReadonlySet<number> = new Set([0x8100, 0x88a8]);
const udp = 17;

/** Where IP begins behind the head of each link type; the two octets before it say which. */
const links: Readonly<Record<number, number>> = { 1: 14, 113: 16, 276: 20, 101: 0, 12: 0, 228: 0, 229: 0 };

export class PcapReader implements QuestionReader {
  private rest: Buffer = Buffer.alloc(0);
  private little = false;
  private link: number | undefined;

  push(piece: Buffer): readonly FileQuestion[] {
    this.rest = Buffer.concat([this.rest, piece]);
    if (this.link === undefined && !this.readHead()) return [];
    const found: FileQuestion[] = [];
    let at = 0;
    while (this.rest.length - at >= packetHead) {
      const length = this.uint32(at + 8);
      if (length > longest) throw new Error(`a packet of ${length} octets, expected ${longest} at most: the capture is damaged`);
      if (this.rest.length - at < packetHead + length) break;
      const question = this.questionOf(this.rest.subarray(at + packetHead, at + packetHead + length));
      if (question !== undefined) found.push(question);
      at += packetHead + length;
    }
    this.rest = this.rest.subarray(at);
    return found;
  }

  private readHead(): boolean {
    if (this.rest.length < fileHead) return false;
    const magic = this.rest.readUInt32LE(0);
    this.little = magic === 0xa1b2c3d4 || magic === 0xa1b23c4d;
    const link = this.uint32(20) & 0x0fff_ffff;
    if (!Object.hasOwn(links, link)) throw new Error(`link type ${link} is not read, expected Ethernet, Linux cooked or raw IP`);
    this.link = link;
    this.rest = this.rest.subarray(fileHead);
    return true;
  }

  private uint32(at: number): number {
    return this.little ? this.rest.readUInt32LE(at) : this.rest.readUInt32BE(at);
  }

  private questionOf(packet: Buffer): FileQuestion | undefined {
    const ip = this.network(packet);
    const datagram = ip === undefined ? undefined : datagramIn(ip);
    if (datagram === undefined || datagram.length < 8 || datagram.readUInt16BE(2) !== port) return undefined;
    return questionIn(datagram.subarray(8, Math.max(8, Math.min(datagram.length, datagram.readUInt16BE(4)))));
  }

  /** The packet from its IP header on. */
  private network(packet: Buffer): Buffer | undefined {
    const { link = 0 } = this;
    let at = links[link] ?? 0;
    if (at === 0) return packet;
    if (packet.length < at) return undefined;
    let type = packet.readUInt16BE(link === 276 ? 0 : at - 2);
    while (vlan.has(type) && packet.length >= at + 4) {
      type = packet.readUInt16BE(at + 2);
      at += 4;
    }
    return type === ipv4 || type === ipv6 ? packet.subarray(at) : undefined;
  }
}

/** The UDP datagram of a packet that is no fragment and has no extension headers. */
function datagramIn(packet: Buffer): Buffer | undefined {
  const version = (packet[0] ?? 0) >> 4;
  if (version === 4 && packet.length >= 20) {
    const head = ((packet[0] ?? 0) & 15) * 4;
    return head < 20 || packet[9] !== udp || (packet.readUInt16BE(6) & 0x3fff) !== 0 ? undefined : packet.subarray(head);
  }
  return version === 6 && packet.length >= 40 && packet[6] === udp ? packet.subarray(40) : undefined;
}
