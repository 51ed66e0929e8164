// Directives that set facts about the block: root, bind, timeouts, debug.
import { corefile, type ParityCase } from '../case.ts';

export const cases: readonly ParityCase[] = [
  {
    name: 'root is where relative files are',
    files: { 'sub/hosts': '192.0.2.1 www.example.org\n', 'sub/weights': 'x.test\n192.0.2.1 1\n' },
    corefile: corefile`
      .:{{PORT}} {
          hosts hosts
          root {{DIR}}/sub
          loadbalance weighted weights
      }
    `,
    steps: ['www.example.org A'],
  },
  {
    name: 'bind one address, several, and by exception',
    corefile: corefile`
      one.test:{{PORT}} {
          bind 127.0.0.1
          whoami
      }
      two.test:{{PORT}} {
          bind 127.0.0.2 127.0.0.3
          bind 127.0.0.4
          whoami
      }
      three.test:{{PORT}} {
          bind 127.0.0.1 {
              except 127.0.0.9
          }
          whoami
      }
    `,
    steps: ['a.one.test A', 'a.two.test A', 'a.three.test A'],
  },
  {
    name: 'bind by the name of an interface',
    corefile: corefile`
      .:{{PORT}} {
          bind lo
          whoami
      }
    `,
    steps: ['a.test A'],
  },
  {
    name: 'timeouts',
    corefile: corefile`
      .:{{PORT}} {
          timeouts {
              read 5s
              write 10
              idle 1m
              maxtcpqueries 5
          }
          whoami
      }
    `,
    steps: ['a.test A +tcp', 'a.test A'],
  },
];
