// `ferrydns/testing`: runs a real server in this process from a Corefile and asks it over real sockets.

export { type Answer, type Ask, ask } from './ask.ts';
export { freePort } from './free-port.ts';
export { type PlacedPlugin, type ServeOptions, serve, type TestServer } from './serve.ts';
