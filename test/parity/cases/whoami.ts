// whoami, and the core around it: header bits, EDNS, classes, opcodes, hostile headers.
import { corefile, type ParityCase } from '../case.ts';

const whoami = corefile`
  .:{{PORT}} {
      whoami
  }
`;

export const cases: readonly ParityCase[] = [
  {
    name: 'answers with the address and port of the client',
    corefile: whoami,
    steps: [
      'example.org A',
      'example.org A +tcp',
      'example.org AAAA',
      'EXAMPLE.Org A',
      'www.example.org MX',
      '. NS',
      'example.org A +nord',
      'example.org A +cd',
      'example.org A +ad',
      'example.org A +aa',
      'example.org A +ra +tc +z',
      'example.org TYPE65280',
      'example.org ANY',
      { ask: 'example.org AXFR +tcp', deviation: { id: 'zone-transfer', instead: { reply: 'REFUSED rd', additional: [] } } },
      'example.org TYPE0',
      'a\\.b.example.org A',
      'caf\\195\\169.example.org A',
      `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(50)} A`,
      {
        ask: `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(58)} A +tcp`,
        deviation: { id: 'long-service-name', instead: ({ additional = [] }) => ({ additional: additional.slice(0, 1) }) },
      },
    ],
  },
];
