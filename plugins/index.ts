// The registry: every plugin, in the order in which a query passes them. The counterpart of CoreDNS's plugin.cfg.
import type { Registry } from '../src/server/registry.ts';
import bind from './bind/index.ts';
import cache from './cache/index.ts';
import debug from './debug/index.ts';
import errors from './errors/index.ts';
import forward from './forward/index.ts';
import health from './health/index.ts';
import hosts from './hosts/index.ts';
import loadbalance from './loadbalance/index.ts';
import local from './local/index.ts';
import log from './log/index.ts';
import loop from './loop/index.ts';
import metadata from './metadata/index.ts';
import migrate from './migrate/index.ts';
import multisocket from './multisocket/index.ts';
import pool from './pool/index.ts';
import prometheus from './prometheus/index.ts';
import ready from './ready/index.ts';
import reload from './reload/index.ts';
import rewrite from './rewrite/index.ts';
import root from './root/index.ts';
import timeouts from './timeouts/index.ts';
import tls from './tls/index.ts';
import whoami from './whoami/index.ts';

export const registry: Registry = {
  plugins: [
    root,
    metadata,
    timeouts,
    multisocket,
    reload,
    bind,
    debug,
    ready,
    health,
    prometheus,
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
  ],
  /** What CoreDNS 1.14.7 has besides, and what to do until ferrydns has it. */
  absent: {
    acl: '',
    any: 'ANY over UDP is answered with one record set in any case (RFC 8482)',
    auto: '',
    autopath: '',
    azure: '',
    bufsize: '',
    cancel: '',
    chaos: '',
    clouddns: '',
    dns64: '',
    dnssec: '',
    dnstap: '',
    erratic: '',
    etcd: '',
    file: '',
    geoip: '',
    grpc: '',
    grpc_server: '',
    header: '',
    https: '',
    https3: '',
    k8s_external: '',
    kubernetes: '',
    minimal: '',
    nomad: '',
    nsid: '',
    on: '',
    pprof: '',
    proxyproto: '',
    quic: '',
    route53: '',
    secondary: '',
    shed: '',
    sign: '',
    template: '',
    trace: '',
    transfer: '',
    tsig: '',
    view: '',
  },
};
