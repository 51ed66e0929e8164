// Reads where the servers that share a plan agree: "etcd http://10.0.0.1:2379", "configmap dns/ferrydns".
import type { Word } from '../config/tree.ts';
import type { StorePlace } from './move.ts';

type Fail = (message: string, at?: Word) => never;

/** The words of `store`; none: this server is alone. */
export function readStorePlace([kind, first, ...more]: readonly Word[], fail: Fail): StorePlace {
  if (kind === undefined) return { kind: 'journal' };
  if (kind.text === 'journal') return first === undefined ? { kind: 'journal' } : fail(`unexpected '${first.text}'`, first);
  if (kind.text !== 'etcd' && kind.text !== 'configmap') return fail(`unknown store '${kind.text}', expected journal, etcd or configmap`, kind);
  if (first === undefined) return fail(`'${kind.text}' without a place, expected ${kind.text === 'etcd' ? 'URLs' : 'a name'}`, kind);
  if (kind.text === 'configmap') return more[0] === undefined ? configMap(first, fail) : fail(`unexpected '${more[0].text}'`, more[0]);
  return { kind: 'etcd', endpoints: [first, ...more].map((word) => endpoint(word, fail)) };
}

function endpoint(word: Word, fail: Fail): string {
  const url = URL.parse(word.text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '') {
    return fail(`'${word.text}' is not the URL of an etcd server, expected one such as http://127.0.0.1:2379`, word);
  }
  return url.origin;
}

function configMap(word: Word, fail: Fail): StorePlace {
  const { namespace, name } =
    /^(?:(?<namespace>[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)\/)?(?<name>[a-z\d](?:[a-z\d.-]{0,251}[a-z\d])?)$/.exec(word.text)?.groups ?? {};
  if (name === undefined) return fail(`'${word.text}' is not the name of a ConfigMap, expected NAME or NAMESPACE/NAME`, word);
  return { kind: 'configmap', namespace: namespace ?? null, name };
}
