// A certificate and its key from files, which are read again when one of them has changed.
import { constants, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { type Logger, messageOf, WatchedFile } from 'ferrydns/plugin';

/** The absolute paths of PEM files. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  /** The authorities of client certificates. */
  readonly ca: string | undefined;
}

export class Certificate {
  /** What to serve with; another object when it has changed. */
  credentials: SecureContextOptions;
  /** When the certificate ends, in milliseconds since 1970. */
  endsAt: number;
  /** The files to look at. */
  readonly files: readonly WatchedFile[];
  private readonly paths: CertificateFiles;
  private readonly texts = new Map<string, Buffer>();

  /** Throws an Error when a file cannot be read, key and certificate do not fit, or the certificate is not valid now. */
  constructor(paths: CertificateFiles) {
    this.paths = paths;
    const { cert, key, ca } = paths;
    this.files = [...new Set([cert, key, ...(ca === undefined ? [] : [ca])])].map((path) => new WatchedFile(path));
    for (const file of this.files) this.texts.set(file.path, file.readChangeSync() ?? Buffer.alloc(0));
    const { credentials, endsAt } = this.read();
    this.credentials = credentials;
    this.endsAt = endsAt;
  }

  /**
   * Takes what one of the files holds now. Files are written one after another, so a pair that does not fit yet is told, and taken when the rest
   * of it is there; until then what was read before is served.
   */
  take(file: WatchedFile, content: Buffer, log: Logger): void {
    this.texts.set(file.path, content);
    try {
      const { credentials, endsAt } = this.read();
      this.credentials = credentials;
      this.endsAt = endsAt;
      log.info(`certificate ${this.paths.cert} was read again, it is valid until ${new Date(endsAt).toISOString()}`);
    } catch (error) {
      log.warn(`${file.path} has changed, the certificate of before stays in use: ${messageOf(error)}`);
    }
  }

  private read(): { credentials: SecureContextOptions; endsAt: number } {
    const { cert, key, ca } = this.paths;
    const text = (path: string) => this.texts.get(path) ?? '';
    const credentials: SecureContextOptions = {
      minVersion: 'TLSv1.2',
      // A handshake costs the server more than the client: one for each connection.
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      cert: text(cert),
      key: text(key),
      ...(ca === undefined ? {} : { ca: text(ca) }),
    };
    createSecureContext(credentials);
    return { credentials, endsAt: endOf(new X509Certificate(text(cert)), cert) };
  }
}

/** Throws an Error for a certificate that no client would accept now. */
function endOf({ validFromDate, validToDate }: X509Certificate, path: string): number {
  const now = Date.now();
  if (now < validFromDate.getTime()) throw new Error(`certificate ${path} is not valid before ${validFromDate.toISOString()}`);
  if (now > validToDate.getTime()) throw new Error(`certificate ${path} has expired at ${validToDate.toISOString()}`);
  return validToDate.getTime();
}
