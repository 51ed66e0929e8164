// The grammar of shadow, and its options as settings.
import { type DifferenceKind, differenceKinds, readServerAddress, type ServerAddress } from 'ferrydns/built-in';
import { type ConfigSpec, choice, duration, many, type Name, type OptionsOf, repeated, setting, value, zones } from 'ferrydns/plugin';

const server = value('ADDRESS', readServerAddress, {
  expected: 'an address such as 10.96.0.10, tls://9.9.9.9%dns.quad9.net or https://[2001:db8::1]:8443',
  schema: { type: ['string'], pattern: '^([a-z]+://)?\\[?[0-9a-fA-F]*[:.]' },
});
const share = value('PERCENTAGE', readShare, {
  expected: 'a share such as 5%',
  schema: { type: ['string'], pattern: '^(\\d{1,2}(\\.\\d+)?|100)%$' },
});

export const grammar = {
  args: { servers: many(server, 1, 8) },
  block: {
    sample: setting(share, 'the share of the queries that is compared', 0.05),
    timeout: setting(duration({ min: '1ms', max: '1m' }), 'how long a reply of the other server may take', 2000),
    ignore: repeated({ kinds: many(choice(...differenceKinds), 1) }, 'what may differ'),
    except: repeated({ zones: many(zones, 1) }, 'zones that are not compared'),
  },
  once: true,
} as const satisfies ConfigSpec;

export interface Settings {
  /** Asked in turn: they stand for one server. */
  readonly servers: readonly ServerAddress[];
  /** 0 to 1. */
  readonly sample: number;
  /** Milliseconds. */
  readonly timeout: number;
  readonly ignored: ReadonlySet<DifferenceKind>;
  readonly except: readonly Name[];
}

export function readSettings({ servers, sample, timeout, ignore, except }: OptionsOf<typeof grammar>): Settings {
  return {
    servers,
    sample,
    timeout,
    ignored: new Set(ignore.flatMap(({ kinds }) => kinds)),
    except: except.flatMap((line) => line.zones.flat()),
  };
}

function readShare(word: string): number {
  const number = Number(word.replace(/%$/, ''));
  if (!/^\d{1,3}(\.\d+)?%$/.test(word) || number > 100) throw new Error(`share '${word}', expected 0% to 100%`);
  return number / 100;
}
