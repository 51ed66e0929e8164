// What templates are executed with in tests of their language.
import type { GoObject } from '../../plugins/template/language/values.ts';

function structure(goType: string, fields: Readonly<Record<string, unknown>>): GoObject {
  return { goType, member: (name) => fields[name], toString: () => `{${Object.values(fields).join(' ')}}` };
}

const question = structure('main.question', { Name: 'IP-10-0-0-1.example.', Qtype: 1, Qclass: 1 });

export const templateData = structure('*main.data', {
  Zone: 'example.',
  Name: 'ip-10-0-0-1.example.',
  Class: 'IN',
  Type: 'A',
  Match: ['ip-10-0-0-1', '10', '0', '0', '1'],
  Group: new Map(Object.entries({ 0: 'ip-10-0-0-1', 1: '10', b: '0', c: '0', d: '1', hex: '0a7b7b7b' })),
  Question: question,
  Questions: [question],
  Flag: true,
  Number: 2,
  Meta(...args: readonly unknown[]) {
    if (args.length !== 1) throw new Error(`wrong number of args for Meta: want 1 got ${args.length}`);
    return `<${args[0]}>`;
  },
});
