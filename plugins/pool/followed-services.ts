// The members of a pool that are services of a cluster: their addresses are those that the cluster tells of.
import { type ClusterServices, clusterServicesFor, type ServiceAddresses } from 'ferrydns/built-in';
import { type ExamineContext, type Logger, messageOf, type SetupContext } from 'ferrydns/plugin';
import type { Member } from './member.ts';

export interface FollowedServicesOptions {
  readonly log: Logger;
  /** Hears of a service whose addresses have changed, or whose endpoints. */
  moved(member: Member, found: ServiceAddresses): void;
}

export class FollowedServices {
  private readonly members: readonly Member[];
  private readonly options: FollowedServicesOptions;
  private cluster: ClusterServices | undefined;
  private readonly found = new Map<Member, ServiceAddresses>();

  constructor(members: readonly Member[], options: FollowedServicesOptions) {
    this.options = options;
    this.members = members.filter(({ spec }) => spec.service !== undefined);
  }

  get any(): boolean {
    return this.members.length > 0;
  }

  /** Finds who knows the services, and fails at the member where nobody does, or it is hidden. */
  examine(context: ExamineContext, setup: Pick<SetupContext, 'fail'>): void {
    for (const { label, spec } of this.members) {
      if (spec.service === undefined) continue;
      try {
        this.cluster = clusterServicesFor(context);
        const refusal = this.cluster.refusal(spec.service);
        if (refusal !== undefined) throw new Error(refusal);
        this.cluster.need(spec.service);
      } catch (error) {
        setup.fail(`${label}: ${messageOf(error)}`, spec.word);
      }
    }
  }

  /** Looks whether something has changed. What is not known yet stays as it was. */
  tick(): void {
    const { log, moved } = this.options;
    for (const member of this.members) {
      const found = member.spec.service && this.cluster?.find(member.spec.service);
      const before = this.found.get(member);
      if (found === undefined || found === before || !found.known) continue;
      this.found.set(member, found);
      if (found.trouble !== undefined && found.trouble !== before?.trouble) log.warn(`member ${member.label}: ${found.trouble}`);
      moved(member, found);
    }
  }
}
