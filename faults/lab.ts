// What a fault has at hand: a server to be tested, upstreams, the network between them, and load.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Child, Children } from '../bench/children.ts';
import { type FoundServer, startUpstream, type Upstream, type UpstreamOptions } from '../bench/start.ts';
import { type LoadFigures, type LoadOptions, newName, runLoad } from './load.ts';
import { type Network, network } from './network.ts';
import { LOCAL_NAME, launch, type Ports, type Setup } from './setup.ts';
import { Subject } from './subject.ts';

const UPSTREAM_PORTS = 5301;
const START_LIMIT = 30_000;

export interface StartOptions {
  /** A command that becomes the server, whose words follow. */
  readonly through?: readonly string[];
  /** Tells a second server from the first. */
  readonly second?: boolean;
}

export class Lab {
  readonly server: string;
  /** The usual length of a load. */
  readonly seconds: number;
  readonly network: Network = network;
  readonly children: Children;
  private readonly found: FoundServer;
  private readonly started: Subject[] = [];
  private readonly upstreams: Upstream[] = [];
  private readonly others: Child[] = [];

  constructor(found: FoundServer, children: Children, seconds: number) {
    this.found = found;
    this.server = found.server.name;
    this.children = children;
    this.seconds = seconds;
  }

  get isFerrydns(): boolean {
    return this.server === 'ferrydns';
  }

  /** The command of the server, without its arguments. */
  get command(): readonly string[] {
    return this.found.command;
  }

  /** An upstream on the next port, or on the one given. */
  async upstream(options: UpstreamOptions = {}): Promise<Upstream> {
    const port = options.port ?? UPSTREAM_PORTS + this.upstreams.length;
    const upstream = await startUpstream(this.children, undefined, { ...options, port });
    this.upstreams.push(upstream);
    return upstream;
  }

  /** Starts the server and waits until it answers a name of its own. */
  async start(setup: Setup, { through = [], second = false }: StartOptions = {}): Promise<Subject> {
    const ports: Ports = second ? { dns: 5400, metrics: 9253, health: 8180 } : { dns: 5300, metrics: 9153, health: 8080 };
    const folder = mkdtempSync(join(this.children.folder, `${this.server}-`));
    const how = launch(this.server, setup, { ports, folder });
    if ('unable' in how) throw new Error(how.unable);
    for (const { name, text } of how.files) writeFileSync(join(folder, name), text);
    const child = this.children.start({ command: [...through, ...this.found.command, ...how.args], output: `${folder.split('/').at(-1)}.out` });
    const subject = new Subject({ name: this.server, ports, folder, child, children: this.children });
    this.started.push(subject);
    const took = await subject.untilAnswered(() => LOCAL_NAME, START_LIMIT);
    if (Number.isNaN(took)) throw new Error(`it does not answer: ${subject.log}`);
    return subject;
  }

  /** Drives a server; throws when it has ended by then. */
  async load(subject: Subject, options: Omit<LoadOptions, 'port'>): Promise<LoadFigures> {
    const figures = await this.loadThrough(subject, options);
    subject.assertAlive();
    return figures;
  }

  /** Drives whatever is at the address of a server, though it ends meanwhile. */
  loadThrough({ ports }: Subject, options: Omit<LoadOptions, 'port'>): Promise<LoadFigures> {
    return runLoad(this.children, { port: ports.dns, ...options });
  }

  /** Lets a server compile, and its cache take in the names that are kept. */
  async warm(subject: Subject): Promise<void> {
    await this.load(subject, { names: 'new', seconds: 1, rate: 1000 });
    await this.load(subject, { names: 'kept', seconds: 'once', outstanding: 20 });
    await this.load(subject, { names: 'kept', seconds: 1, rate: 1000 });
  }

  /** Another program; it is ended with the rest. Its words are printed into `output`. */
  run(command: readonly string[], output = 'other'): Child {
    const child = this.children.start({ command, output: `${output}-${this.others.length}.out` });
    this.others.push(child);
    return child;
  }

  newName = newName;

  /** Ends everything and mends the network. */
  async end(): Promise<void> {
    this.network.mend();
    for (const subject of this.started) await subject.stop();
    for (const child of this.others) await this.children.stop(child);
    for (const upstream of this.upstreams) await upstream.stop();
  }
}

/** Milliseconds. */
export function after(milliseconds: number): Promise<void> {
  return delay(milliseconds);
}
