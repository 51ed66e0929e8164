// The registry: every plugin, in the order in which a query passes them. The counterpart of CoreDNS's plugin.cfg.
import type { Registry } from '../src/server/registry.ts';
import admin from './admin/index.ts';
import bind from './bind/index.ts';
import cache from './cache/index.ts';
import debug from './debug/index.ts';
import errors from './errors/index.ts';
import forward from './forward/index.ts';
import grpcServer from './grpc_server/index.ts';
import health from './health/index.ts';
import hosts from './hosts/index.ts';
import https from './https/index.ts';
import loadbalance from './loadbalance/index.ts';
import local from './local/index.ts';
import log from './log/index.ts';
import loop from './loop/index.ts';
import metadata from './metadata/index.ts';
import migrate from './migrate/index.ts';
import multisocket from './multisocket/index.ts';
import pool from './pool/index.ts';
import prometheus from './prometheus/index.ts';
import proxyproto from './proxyproto/index.ts';
import ready from './ready/index.ts';
import reload from './reload/index.ts';
import rewrite from './rewrite/index.ts';
import root from './root/index.ts';
import timeouts from './timeouts/index.ts';
import tls from './tls/index.ts';
import view from './view/index.ts';
import whoami from './whoami/index.ts';

export const registry: Registry = {
  plugins: [
    root,
    metadata,
    proxyproto,
    timeouts,
    multisocket,
    grpcServer,
    https,
    reload,
    bind,
    debug,
    ready,
    health,
    prometheus,
    admin,
    errors,
    log,
    local,
    loadbalance,
    rewrite,
    migrate,
    pool,
    cache,
    tls,
    hosts,
    loop,
    forward,
    whoami,
    view,
  ],
  /** What CoreDNS 1.14.7 has besides, and what to do until ferrydns has it. */
  absent: {
    acl: "leave it out; a firewall, or 'bind', limits who may ask",
    any: 'leave it out: ANY over UDP is answered with one record set in any case (RFC 8482)',
    auto: "for records of your own use 'hosts', or 'forward' the zone to a server that has it",
    autopath: 'leave it out: clients try their search domains themselves',
    azure: "'forward' the zone to a server that has it",
    bufsize: 'leave it out: at most 1232 octets are offered to upstreams in any case',
    cancel: "leave it out: 'forward' has a 'read_timeout'",
    chaos: 'leave it out',
    clouddns: "'forward' the zone to a server that has it",
    dns64: "'forward' to a resolver that does DNS64",
    dnssec: "'forward' the zone to a server that signs",
    dnstap: "use 'log'",
    erratic: 'leave it out: it is for tests',
    etcd: "'forward' the zone to a server that has it",
    file: "for records of your own use 'hosts', or 'forward' the zone to a server that has it",
    geoip: 'leave it out',
    grpc: "use 'forward' with a plain, tls:// or https:// upstream",
    header: 'leave it out',
    https3: "serve 'https://' meanwhile",
    k8s_external: "'forward' the zone to a CoreDNS that has it",
    kubernetes: "'forward' the cluster's zones to the CoreDNS that has it: forward cluster.local ADDRESS",
    minimal: 'leave it out: replies are longer, and as right',
    nomad: "'forward' the zone to a server that has it",
    nsid: 'leave it out',
    on: 'leave it out; the service manager runs commands before and after',
    pprof: 'start with NODE_OPTIONS=--inspect instead',
    quic: "serve 'tls://' meanwhile",
    route53: "'forward' the zone to a server that has it",
    secondary: "for records of your own use 'hosts', or 'forward' the zone to a server that has it",
    shed: "leave it out; 'forward' has 'max_concurrent'",
    sign: "'forward' the zone to a server that signs",
    template: "use 'rewrite' and 'hosts' for names that are known",
    trace: "use 'ferrydns explain' for single questions, 'log' for all",
    transfer: "'forward' the zone to a server that gives it away",
    tsig: 'leave it out',
  },
  /** What CoreDNS has taken out, and what to use. */
  former: {
    federation: 'no such line',
    proxy: "'forward'",
    reverse: "'hosts', which answers addresses with names",
    shutdown: 'a command of the service manager',
    startup: 'a command of the service manager',
  },
};
