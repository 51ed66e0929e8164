// Datagrams to a local socket, which Node has not: what a service says to systemd goes this way.
import { Memory, native, succeed } from './library.ts';

// Numbers of Linux that are the same on x64 and arm64.
const unixFamily = 1;
const datagramSocket = 2 | 0o4000 | 0o2000000; // SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC
/** Octets of a path in a struct sockaddr_un. */
const longestPath = 108;

/** What a datagram that is being sent lies in: the engine may forget a local variable while C still reads what it refers to. */
const held = new Set<Memory>();

/**
 * Sends one datagram to a socket: its path, or "@" and its name in the abstract namespace (unix(7)). Throws the system's error when nobody takes it, and an
 * Error when the path is longer than 107 octets. Only where `isNativeAvailable`.
 */
export function sendUnixDatagram(path: string, text: string): void {
  const { functions } = native();
  const name = Buffer.from(path);
  if (name.length === 0 || name.length >= longestPath)
    throw new Error(`the path of a socket has ${name.length} octets, expected 1 to ${longestPath - 1}`);
  if (path.startsWith('@')) name[0] = 0;
  const content = Buffer.from(text);
  const memory = new Memory(2 + longestPath + content.length);
  held.add(memory);
  const view = Buffer.from(memory.buffer);
  view.writeUInt16LE(unixFamily, 0);
  view.set(name, 2);
  view.set(content, 2 + longestPath);
  // A path ends with a zero octet, an abstract name with its length.
  const length = 2 + name.length + (path.startsWith('@') ? 0 : 1);
  const fd = succeed('socket', functions.socket(unixFamily, datagramSocket, 0));
  try {
    succeed('connect', functions.connect(fd, memory.pointer(0, length), length));
    succeed('write', Number(functions.write(fd, memory.pointer(2 + longestPath, content.length), BigInt(content.length))));
  } finally {
    functions.close(fd);
    held.delete(memory);
  }
}
