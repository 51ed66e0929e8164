// How a service of a cluster is written where a name or an address could stand.
import { describe, expect, test } from 'vitest';
import { isServiceReference, readServiceReference, serviceText } from '../../src/config/service-reference.ts';

test.each([
  ['service/shop/db', { namespace: 'shop', name: 'db' }],
  ['service/shop/db?zone=B', { namespace: 'shop', name: 'db', zone: 'b' }],
  ['service/shop/db?port=sql&zone=eu-1b&node=n1.example', { namespace: 'shop', name: 'db', zone: 'eu-1b', node: 'n1.example', port: 'sql' }],
])('%s is read', (text, expected) => {
  expect(isServiceReference(text)).toBe(true);
  expect(readServiceReference(text)).toEqual(expected);
});

test('however it is written, one reference has one text', () => {
  expect(serviceText(readServiceReference('service/shop/db?port=sql&zone=B'))).toBe('service/shop/db?zone=b&port=sql');
  expect(serviceText(readServiceReference('service/shop/db'))).toBe('service/shop/db');
});

describe('what is none', () => {
  test.each([
    ['service/shop', 'is not a service, expected service/NAMESPACE/NAME'],
    ['service/Shop/db', 'is not a service'],
    ['service/shop/db/more', 'is not a service'],
    ['service/shop/db?', 'is not a service'],
    ['service/shop/db?rack=1', "unknown 'rack', expected one of zone, node, port"],
    ['service/shop/db?zone', "'zone' has no value"],
    ['service/shop/db?zone=', "'zone' has no value"],
    ['service/shop/db?zone=a=b', "'zone' has no value"],
    ['service/shop/db?zone=a&zone=b', "'zone' is there twice"],
  ])('%s', (text, reason) => {
    expect(() => readServiceReference(text)).toThrow(reason);
  });

  test('a name or an address is not meant as one', () => {
    expect(['service.example.org', '192.0.2.1', 'db'].some(isServiceReference)).toBe(false);
  });
});
