// What DNS over HTTPS is asked by (RFC 8484 sections 4.1 and 6).

/** The path that servers and clients agree on without a word. */
export const queryPath = '/dns-query';
export const messageType = 'application/dns-message';
