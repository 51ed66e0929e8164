// A member of a pool as it is now: its addresses, what the checks found, and what its agent says.
import type { PoolMemberStatus } from 'ferrydns/built-in';
import {
  type AgentReport,
  type Check,
  type CheckObserver,
  type CheckSpec,
  type Checks,
  describeProbe,
  type Finding,
  type UseOptions,
} from 'ferrydns/built-in/checks';
import { record } from 'ferrydns/plugin';
import type { MemberSpec } from './member-words.ts';
import type { Candidate } from './policy.ts';
import type { Ranked } from './succession.ts';

/** How the addresses of members are looked at, and who hears of it. */
export interface Watch {
  readonly checks: Checks;
  readonly specs: readonly CheckSpec[];
  readonly agent: CheckSpec | undefined;
  /** An address was looked at. */
  looked(member: Member, what: string, finding: Finding): void;
  /** The member is, weighs or has something else than before. */
  changed(member: Member, why: string): void;
}

type AddressType = 'A' | 'AAAA';

export class Member implements Ranked, Candidate {
  readonly spec: MemberSpec;
  readonly label: string;
  readonly backup: boolean;
  private readonly watch: Watch;
  private current: readonly Address[] = [];
  /** Whether its name was looked up in vain, or its service has no address. */
  private absent = false;
  /** Whether nobody serves at its addresses, as the cluster says that has the service. */
  private idle = false;

  constructor(spec: MemberSpec, watch: Watch) {
    this.spec = spec;
    this.label = spec.label;
    this.backup = spec.backup;
    this.watch = watch;
  }

  /**
   * Whether one of its addresses is well. The host of an SRV or MX record whose addresses are not known counts as well. So does one whose name is
   * being looked up for the first time, so that no member is left out for that at a start.
   */
  get up(): boolean {
    if (this.current.length === 0) return this.pending || this.spec.kind !== 'address';
    return !this.idle && this.current.some(({ up }) => up);
  }

  /** Whether it is not known yet which addresses its name or service has. */
  get pending(): boolean {
    return this.spec.lookedUp && this.current.length === 0 && !this.absent;
  }

  get drained(): boolean {
    if (this.spec.weight === 0) return true;
    const alive = this.current.filter(({ up }) => up);
    const asked = alive.length > 0 ? alive : this.current;
    return asked.length > 0 && asked.every(({ drained }) => drained);
  }

  get state(): PoolMemberStatus['state'] {
    if (!this.up) return 'down';
    return this.drained ? 'drained' : 'up';
  }

  /** The share that the agents of its addresses want, together. */
  get percent(): number {
    const shown = this.current.filter(({ up, drained }) => up && !drained);
    return shown.length === 0 ? 100 : shown.reduce((sum, { percent }) => sum + percent, 0) / shown.length;
  }

  get heard(): boolean {
    return this.current.some(({ up, drained, heard }) => up && !drained && heard);
  }

  get weight(): number {
    return (this.spec.weight * this.percent) / 100;
  }

  /** Its addresses that answers may name: those that are well, or all that are not drained where it is answered although none is. */
  shown(type?: AddressType): readonly Address[] {
    const { up } = this;
    return this.current.filter((address) => (type === undefined || address.type === type) && !address.drained && (address.up || !up));
  }

  /** Its addresses, well or not. */
  get addresses(): readonly Address[] {
    return this.current;
  }

  /** Whether all of its addresses have been looked at. */
  get known(): boolean {
    return !this.pending && this.current.every(({ known }) => known);
  }

  /** Whether it is up because it was found well, not only because nothing speaks against it. */
  get seen(): boolean {
    return this.current.length === 0 ? !this.pending : this.current.some(({ up, drained, seen }) => up && !drained && seen);
  }

  /** Its addresses that fail their checks. */
  get failing(): readonly string[] {
    return this.current.flatMap((address) => (address.failing ? [address.text] : []));
  }

  /** Whether any address is known. */
  get located(): boolean {
    return this.current.length > 0;
  }

  /** Starts to look at these addresses, and stops to look at all others. Those that were `failing` are down until a check finds them well. */
  locate(texts: readonly string[], failing: ReadonlySet<string> = new Set()): void {
    const before = this.current;
    this.current = texts.map((text) => before.find((address) => address.text === text) ?? this.open(text, failing.has(text)));
    for (const address of before) if (!this.current.includes(address)) address.release();
  }

  /** No server answered which addresses its name has. */
  miss(): void {
    this.absent = true;
  }

  /** The service of the member is reached at these addresses from now on; `serves`: one of its endpoints is ready. */
  move(texts: readonly string[], serves: boolean): void {
    this.locate(texts);
    this.idle = !serves;
    this.absent = texts.length === 0;
  }

  /** Takes over what another process found of its addresses, in place of checks of its own. */
  believe(states: readonly AddressState[]): void {
    this.release();
    this.current = states.map((state) => new ToldAddress(state));
  }

  get states(): readonly AddressState[] {
    return this.current.map(({ text, up, drained, percent, heard }) => ({ text, up: up && !this.idle, drained, percent, heard }));
  }

  release(): void {
    for (const address of this.current) address.release();
  }

  private open(text: string, down: boolean): Address {
    const { checks, specs, agent } = this.watch;
    const use = (spec: CheckSpec, how: UseOptions = {}) => {
      const what = describeProbe(spec.probe);
      const observer: CheckObserver = {
        looked: (finding) => this.watch.looked(this, what, finding),
        changed: (finding) => this.watch.changed(this, `${text}, ${what}: ${finding.text || 'well'}`),
      };
      return checks.use(text, spec, observer, how);
    };
    return new CheckedAddress(text, { checks: specs.map((spec) => use(spec, { down })), agent: agent === undefined ? undefined : use(agent) });
  }
}

/** What is known of an address. */
export interface AddressState {
  readonly text: string;
  readonly up: boolean;
  readonly drained: boolean;
  readonly percent: number;
  readonly heard: boolean;
}

/** One address of a member. */
abstract class Address implements AddressState {
  readonly text: string;
  readonly type: AddressType;
  readonly rdata: Uint8Array;
  abstract readonly up: boolean;
  abstract readonly drained: boolean;
  abstract readonly percent: number;
  abstract readonly heard: boolean;

  constructor(text: string) {
    this.text = text;
    this.type = text.includes(':') ? 'AAAA' : 'A';
    this.rdata = record({ name: '.', type: this.type, data: text }).rdata;
  }

  /** Whether it has been looked at. */
  get known(): boolean {
    return true;
  }

  /** Whether it has been found well. */
  get seen(): boolean {
    return true;
  }

  /** Whether its checks find it down, whatever its agent says. */
  get failing(): boolean {
    return !this.up;
  }

  /** What its agent said last; undefined without one. */
  get agent(): AgentReport | undefined {
    return undefined;
  }

  release(): void {}
}

/** One that this process looks at. */
class CheckedAddress extends Address {
  private readonly checks: readonly Check[];
  private readonly agentCheck: Check | undefined;

  constructor(text: string, { checks, agent }: { readonly checks: readonly Check[]; readonly agent: Check | undefined }) {
    super(text);
    this.checks = checks;
    this.agentCheck = agent;
  }

  get up(): boolean {
    const report = this.agent;
    return !this.failing && (report === undefined || (report.up && report.admin !== 'maint'));
  }

  get drained(): boolean {
    const report = this.agent;
    return report !== undefined && (report.admin !== 'ready' || report.percent === 0);
  }

  get percent(): number {
    return this.agent?.percent ?? 100;
  }

  get heard(): boolean {
    return this.agentCheck?.seen === true;
  }

  override get agent(): AgentReport | undefined {
    return this.agentCheck?.report;
  }

  override get known(): boolean {
    return this.checks.every(({ known }) => known) && this.agentCheck?.known !== false;
  }

  override get seen(): boolean {
    return this.checks.every(({ seen }) => seen);
  }

  override get failing(): boolean {
    return this.checks.some(({ up }) => !up);
  }

  override release(): void {
    for (const check of this.checks) check.release();
    this.agentCheck?.release();
  }
}

/** An address that another process looks at; this is what it found. */
class ToldAddress extends Address {
  readonly up: boolean;
  readonly drained: boolean;
  readonly percent: number;
  readonly heard: boolean;

  constructor({ text, up, drained, percent, heard }: AddressState) {
    super(text);
    this.up = up;
    this.drained = drained;
    this.percent = percent;
    this.heard = heard;
  }
}
