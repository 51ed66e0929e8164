// The transports that a listener can have, by the schemes of server block keys.

/** `dns` is UDP and TCP, `tls` DNS over TLS (RFC 7858). */
export const listenerTransports = ['dns', 'tls'] as const;
export type ListenerTransport = (typeof listenerTransports)[number];
