// Credentials that a program knows, as `exec` in a kubeconfig file names it (KEP-541): asked for when they are needed, kept until they expire or are refused.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ApiIdentity, ApiTrust } from './kubernetes-access.ts';

export interface ExecSpec {
  readonly command: string;
  readonly args: readonly string[];
  /** Set for the program beside those of this process. */
  readonly environment: Readonly<Record<string, string>>;
  readonly apiVersion: string;
  /** Told to programs that want to know. */
  readonly cluster?: { readonly url: string; readonly trust: ApiTrust } | undefined;
}

/** Milliseconds that the program may take. */
const patience = 30_000;
/** Milliseconds before its end that a credential is no longer used. */
const reserve = 10_000;

const run = promisify(execFile);

interface Status {
  readonly token?: string;
  readonly clientCertificateData?: string;
  readonly clientKeyData?: string;
  readonly expirationTimestamp?: string;
}

export class ExecCredential {
  private readonly spec: ExecSpec;
  private kept: { readonly identity: ApiIdentity; readonly until: number } | undefined;
  private asking: Promise<ApiIdentity> | undefined;

  constructor(spec: ExecSpec) {
    this.spec = spec;
  }

  /** Rejects with an Error that names the program when it fails, or says no credential. */
  current(): Promise<ApiIdentity> {
    if (this.kept !== undefined && Date.now() < this.kept.until) return Promise.resolve(this.kept.identity);
    this.asking ??= this.ask().finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  forget(): void {
    this.kept = undefined;
  }

  private async ask(): Promise<ApiIdentity> {
    const { command, args, environment } = this.spec;
    const env = { ...process.env, ...environment, KUBERNETES_EXEC_INFO: this.request() };
    const { stdout } = await run(command, args, { env, timeout: patience, maxBuffer: 1 << 20 }).catch((error: Error) => {
      throw new Error(`${command}: ${error.message.trim()}`);
    });
    const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = this.statusIn(stdout);
    if (token === undefined && cert === undefined) throw new Error(`${command}: found neither token nor clientCertificateData in its status`);
    const identity = { ...(token === undefined ? {} : { token }), ...(cert === undefined ? {} : { cert, key }) };
    const until = expirationTimestamp === undefined ? Number.POSITIVE_INFINITY : Date.parse(expirationTimestamp) - reserve;
    this.kept = { identity, until };
    return identity;
  }

  private statusIn(text: string): Status {
    try {
      return (JSON.parse(text) as { readonly status?: Status }).status ?? {};
    } catch {
      throw new Error(`${this.spec.command}: found '${text.slice(0, 80)}', expected an ExecCredential in JSON`);
    }
  }

  private request(): string {
    const { apiVersion, cluster } = this.spec;
    const ca = cluster?.trust.ca;
    const known = cluster && {
      server: cluster.url,
      ...(ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
    };
    return JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive: false, ...(known && { cluster: known }) } });
  }
}
