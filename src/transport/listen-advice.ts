// What to do when an address cannot be had: who usually has it, or which permission is missing.

/** Advice for a system error, in whole lines; empty where there is none to give. `what` is what listens: "dns" or "http". */
export function listenAdvice(code: string | undefined, port: number, what: 'dns' | 'http'): string {
  const other = what === 'dns' ? `another address ('bind ADDRESS') or port ('.:1053 {', '-dns.port 1053')` : 'another address or port';
  const lines = { EADDRINUSE: inUse(port, other), EACCES: port > 0 && port < 1024 ? notAllowed(other) : [] }[code ?? ''] ?? [];
  return lines.map((line) => `\n      ${line}`).join('');
}

function inUse(port: number, other: string): string[] {
  const find = `another program has it, or another ferrydns: 'ss -lntup sport = :${port}' shows which; end that, or choose ${other}`;
  if (port !== 53) return [find];
  return [
    find,
    `port 53 is usually the stub of systemd-resolved, at 127.0.0.53: 'DNSStubListener=no' in /etc/systemd/resolved.conf and`,
    `'systemctl restart systemd-resolved' end it, or 'bind' to the other addresses of the machine; else dnsmasq, named or unbound`,
  ];
}

function notAllowed(other: string): string[] {
  return [
    `ports below 1024 need the capability CAP_NET_BIND_SERVICE: 'AmbientCapabilities=CAP_NET_BIND_SERVICE' in the unit of systemd,`,
    `'--cap-add NET_BIND_SERVICE' for a container, or the sysctl net.ipv4.ip_unprivileged_port_start=53; or choose ${other}`,
  ];
}
