// A real etcd of one member, on ports that the system chooses, with what a test puts into it by hand.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from 'ferrydns/testing';
import { needs } from '../services/needs.ts';

export interface EtcdOptions {
  /** Files in PEM: clients must show a certificate of this authority. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string };
}

/** `await using` kills it and removes what it has kept. */
export class Etcd implements AsyncDisposable {
  readonly port: number;
  private readonly folder = mkdtempSync(join(tmpdir(), 'ferrydns-etcd-'));
  private readonly options: EtcdOptions;
  private readonly peerPort: number;
  private process: ChildProcess | undefined;
  private output = '';

  private constructor(options: EtcdOptions, [port, peerPort]: readonly [number, number]) {
    this.options = options;
    this.port = port;
    this.peerPort = peerPort;
  }

  /** Resolves when it answers. */
  static async start(options: EtcdOptions = {}): Promise<Etcd> {
    const etcd = new Etcd(options, [await freePort(), await freePort()]);
    try {
      await etcd.start();
      return etcd;
    } catch (error) {
      await etcd[Symbol.asyncDispose]();
      throw error;
    }
  }

  get url(): string {
    return `${this.options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const { tls } = this.options;
    const peer = `http://127.0.0.1:${this.peerPort}`;
    const args = ['--name', 'one', '--data-dir', this.folder, '--listen-client-urls', this.url, '--advertise-client-urls', this.url];
    args.push('--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `one=${peer}`, '--logger', 'zap');
    if (tls !== undefined) args.push('--cert-file', tls.cert, '--key-file', tls.key, '--trusted-ca-file', tls.ca, '--client-cert-auth');
    const started = spawn(needs('etcd', 'apt install etcd-server'), args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.process = started;
    const before = this.output.length;
    for (const stream of [started.stdout, started.stderr]) stream.on('data', (chunk: Buffer) => (this.output += String(chunk)));
    const isReady = () => /ready to serve client requests|serving client traffic/.test(this.output.slice(before));
    for (const deadline = Date.now() + 30_000; !isReady(); await delay(20)) {
      if (started.exitCode !== null || Date.now() > deadline) throw new Error(`etcd does not come up:\n${this.output.slice(-3000)}`);
    }
  }

  /** Ends it at once; what it has kept stays. */
  async kill(): Promise<void> {
    const { process } = this;
    this.process = undefined;
    await endNow(process);
  }

  /** Ends it, removes what it has kept, and starts it anew. */
  async lose(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true });
    await this.start();
  }

  /** The value of a key; undefined when there is none. */
  async get(key: string): Promise<string | undefined> {
    const { kvs } = (await this.call('kv/range', { key: base64(key) })) as { readonly kvs?: readonly { readonly value: string }[] };
    return kvs?.[0] === undefined ? undefined : Buffer.from(kvs[0].value, 'base64').toString('utf8');
  }

  async put(key: string, value: string): Promise<void> {
    await this.call('kv/put', { key: base64(key), value: base64(value) });
  }

  /** Asks etcd's JSON gateway, which must be open without TLS. */
  async call(path: string, body: unknown): Promise<unknown> {
    const response = await fetch(`${this.url}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`etcd: ${path}: ${await response.text()}`);
    return response.json();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Kills a process, unless it is over, and resolves when it has gone. */
export async function endNow(process: ChildProcess | undefined): Promise<void> {
  if (process === undefined || process.exitCode !== null) return;
  const ended = once(process, 'exit');
  process.kill('SIGKILL');
  await ended;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
