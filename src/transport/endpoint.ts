// Addresses with their ports, as messages name them.

/** "127.0.0.1:53" or "[::1]:53". */
export function endpoint({ address, port }: { readonly address: string; readonly port: number }): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
