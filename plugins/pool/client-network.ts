// What counts as one client.
import { migration } from 'ferrydns/built-in/moves';

/** The address of an IPv4 client, the /64 of an IPv6 client: within it one host has many addresses. */
export function networkOf(address: string): string {
  return address.includes(':') ? migration.clientOf(address) : address;
}
