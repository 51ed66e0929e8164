// `ferrydns/built-in/checks`: health checks of services.

export type { AgentReport } from '../checks/agent.ts';
export { agentSyntax, type CheckReading, checkSyntax, readAgent, readCheck } from '../checks/check-words.ts';
export { type Check, type CheckObserver, type CheckSpec, Checks, sharedChecks, type UseOptions } from '../checks/checks.ts';
export { FollowedName, type NameAddresses } from '../checks/followed-name.ts';
export { Health, type Pace } from '../checks/health.ts';
export { describeProbe, type Finding, type Probe } from '../checks/probe.ts';
