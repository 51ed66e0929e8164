// The grammar of shadow, and its options as settings.
import { type DifferenceKind, differenceKinds, readServerAddress, type ServerAddress, share } from 'ferrydns/built-in';
import { type ConfigSpec, choice, duration, many, type Name, type OptionsOf, repeated, setting, value, zones } from 'ferrydns/plugin';

const server = value('ADDRESS', readServerAddress, {
  expected: 'an address such as 10.96.0.10, tls://9.9.9.9%dns.quad9.net or https://[2001:db8::1]:8443',
  schema: { type: ['string'], pattern: '^([a-z]+://)?\\[?[0-9a-fA-F]*[:.]' },
});
export const grammar = {
  args: { servers: many(server, 1, 8) },
  block: {
    sample: setting(share('5%'), 'the share of the queries that is compared', 0.05),
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
