// The transports that a listener can have, by the schemes of server block keys.

/** `dns` is UDP and TCP, `tls` DNS over TLS (RFC 7858), `https` DNS over HTTPS (RFC 8484), `grpc` the service of CoreDNS. */
export const listenerTransports = ['dns', 'tls', 'https', 'grpc'] as const;
export type ListenerTransport = (typeof listenerTransports)[number];
