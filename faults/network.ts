// What goes wrong between the server and its upstreams, by rules of nftables in the network namespace of this run.
import { execFileSync } from 'node:child_process';

const TABLE = 'inet faults';

/** The network between the servers, all of which are on 127.0.0.1 and told apart by their ports. */
export interface Network {
  /** Whatever is sent to that port disappears. */
  silence(port: number): void;
  /** So many of a hundred packets to that port disappear. */
  lose(port: number, percent: number): void;
  /** How many packets to that port have disappeared. */
  swallowed(port: number): number;
  /** All is well again. */
  mend(): void;
}

export const network: Network = {
  silence: (port) => drop(port, ''),
  lose: (port, percent) => drop(port, `numgen random mod 100 < ${percent} `),
  swallowed(port) {
    const listing = nft(`list table ${TABLE}`);
    const counts = listing.matchAll(new RegExp(`dport ${port} .*counter packets (\\d+)`, 'g'));
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  },
  mend() {
    nft(`add table ${TABLE}; delete table ${TABLE}`);
  },
};

function drop(port: number, condition: string): void {
  const rules = ['udp', 'tcp'].map((protocol) => `add rule ${TABLE} input ${protocol} dport ${port} ${condition}counter drop`);
  nft(`add table ${TABLE}; add chain ${TABLE} input { type filter hook input priority 0; }; ${rules.join('; ')}`);
}

function nft(words: string): string {
  return execFileSync('nft', [words], { encoding: 'utf8', env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` } });
}
