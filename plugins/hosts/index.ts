// Answers names and addresses from a hosts file and from entries in the configuration.
import { statSync } from 'node:fs';
import {
  definePlugin,
  duration,
  file,
  flag,
  integer,
  type Name,
  optional,
  property,
  root,
  type SetupContext,
  setting,
  zoneList,
} from 'ferrydns/plugin';
import { Answers } from './answers.ts';
import { HostsFile } from './hosts-file.ts';
import { parseAll } from './parse.ts';

const defaultFile = '/etc/hosts';

export default definePlugin({
  name: 'hosts',
  summary: 'answers names and addresses from a hosts file',
  config: {
    args: { file: optional(file), zones: zoneList() },
    lines: { label: 'ADDRESS NAME...', help: 'an entry, written as in a hosts file', before: 'fallthrough' },
    block: {
      ttl: setting(integer({ min: 1, max: 65535 }), 'seconds that a record may be cached', 3600),
      no_reverse: flag('answers no addresses with names'),
      reload: setting(duration({ min: '0s' }), 'how often the file is looked at; 0 reads it once', 5000),
      fallthrough: property({ zones: zoneList() }, 'passes on names that have no entry, all or those in the zones'),
      fallthrough_unsupported: flag('passes on types other than A, AAAA and PTR wherever names fall through'),
    },
  },
  async setup(options, context) {
    if (options.fallthrough_unsupported && options.fallthrough === undefined) {
      context.fail('fallthrough_unsupported requires fallthrough', 'fallthrough_unsupported');
    }
    const path = context.path(options.file ?? defaultFile);
    if (options.file !== undefined) lookAt(path, context);
    const parsing = { zones: options.zones.length === 0 ? context.zones : options.zones, reverse: !options.no_reverse };
    const inline = parseAll(options.lines.map(({ words }) => words.map(({ text }) => text).join(' ')).join('\n'), parsing);
    const hostsFile = new HostsFile(path, { ...parsing, log: context.log });
    // Read before any socket is open, so that no query finds the table empty.
    await hostsFile.load();
    const answers = new Answers({
      file: hostsFile,
      inline,
      zones: parsing.zones,
      ttl: options.ttl,
      fallthrough: fallthroughZones(options.fallthrough?.zones),
      passUnsupported: options.fallthrough_unsupported,
    });
    return {
      handle: (query, next) => answers.handle(query, next),
      foresee: () => undefined,
      start({ watch }) {
        hostsFile.report(context.metrics, inline.size);
        if (options.reload > 0) watch(hostsFile.file, options.reload, (content) => hostsFile.take(content));
      },
    };
  },
});

function fallthroughZones(zones: readonly Name[] | undefined): readonly Name[] {
  return zones?.length === 0 ? [root] : (zones ?? []);
}

/** A file may come later; one that cannot be looked at is a mistake. */
function lookAt(path: string, context: SetupContext): void {
  try {
    if (statSync(path).isDirectory()) context.warn(`Hosts file "${path}" is a directory`, 'file');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') context.fail(`unable to access hosts file '${path}': ${message}`, 'file');
    context.warn(`File does not exist: ${path}`, 'file');
  }
}
