// States the certificate by which the encrypted listeners of a server block are served.
import { appendFileSync } from 'node:fs';
import { choice, definePlugin, file, messageOf, type SetupContext, setting, words } from 'ferrydns/plugin';
import { Certificate, type CertificateFiles } from './certificate.ts';

/** Milliseconds from look to look at the files. */
const pace = 10_000;

export default definePlugin({
  name: 'tls',
  summary: 'states the certificate of tls://, https:// and grpc:// listeners',
  config: {
    args: { files: words('CERT KEY [CA]', 1) },
    block: {
      client_auth: setting(
        choice('nocert', 'request', 'require', 'verify_if_given', 'require_and_verify'),
        'whether clients have to show a certificate',
        'nocert',
      ),
      keylog: setting(file, 'a file that the secrets of all sessions are appended to, for tools that decrypt captures'),
    },
  },
  setup(options, context) {
    const paths = pathsOf(
      options.files.map(({ text }) => text),
      context,
    );
    if (options.client_auth === 'require_and_verify' && paths.ca === undefined) {
      context.fail("client_auth require_and_verify accepts nobody without CA, expected 'tls CERT KEY CA'", 'client_auth');
    }
    const certificate = load(paths, context);
    const keylog = options.keylog === undefined ? undefined : openKeylog(context.path(options.keylog), context);
    return {
      settings: { tls: { credentials: () => certificate.credentials, clientAuth: options.client_auth, keylog } },
      start({ watch, signal }) {
        const help = 'When the certificate in use ends, in seconds since 1970.';
        const gauge = context.metrics.gauge('ferrydns_tls_certificate_end_timestamp_seconds', help, ['file'], 'max');
        signal.addEventListener(
          'abort',
          gauge({ file: paths.cert }, () => certificate.endsAt / 1000),
        );
        for (const watched of certificate.files) watch(watched, pace, (content) => certificate.take(watched, content, context.log));
      },
    };
  },
});

function pathsOf([cert, key, ca, ...more]: readonly string[], context: SetupContext): CertificateFiles {
  if (cert === 'acme') return context.fail("'tls acme' is not supported: let an ACME client write the files, which are read again when they change");
  if (cert === undefined || key === undefined || more.length > 0) return context.fail('Wrong argument count: expected tls CERT KEY [CA]');
  return { cert: context.path(cert), key: context.path(key), ca: ca === undefined ? undefined : context.path(ca) };
}

function load(paths: CertificateFiles, context: SetupContext): Certificate {
  try {
    return new Certificate(paths);
  } catch (error) {
    return context.fail(`could not load TLS certificates: ${messageOf(error)}`);
  }
}

function openKeylog(path: string, context: SetupContext): (line: Buffer) => void {
  context.warn(`whoever reads ${path} can decrypt what clients send: remove keylog when you have seen enough`, 'keylog');
  return (line) => {
    try {
      appendFileSync(path, line, { mode: 0o600 });
    } catch (error) {
      context.log.error(`keylog: ${messageOf(error)}`);
    }
  };
}
