// `ferrydns/built-in`: what the plugins of this repository share besides `ferrydns/plugin`: health checks, moves, the admin door, asking other servers.
// Others import it at their own risk: it changes without notice.

export { type AgentReport, hear, silentAgent } from '../checks/agent.ts';
export { agentSyntax, type CheckReading, checkSyntax, readAgent, readCheck } from '../checks/check-words.ts';
export { type Check, type CheckObserver, type CheckSpec, Checks, sharedChecks, type UseOptions } from '../checks/checks.ts';
export { defaultPace, Health, type Pace } from '../checks/health.ts';
export { describeProbe, type Finding, type Probe } from '../checks/probe.ts';
export type { Channel, ConnectionSettings, Outstanding } from '../client/channel.ts';
export { onlyAnswers } from '../client/message.ts';
export { randomId } from '../client/random-id.ts';
export { RemoteServer } from '../client/remote-server.ts';
export { addressOf, type ServerAddress } from '../client/server-address.ts';
export { type Asker, type Manner, Transaction } from '../client/transaction.ts';
export { replaceNames } from '../dns/rdata.ts';
export { shortened } from '../dns/record.ts';
export { isCut } from '../dns/render.ts';
export type { Survey } from '../dns/survey.ts';
export type { MovedName } from '../migration/plan.ts';
export { type MigrateOptions, migrateGrammar, moveOptionNames } from '../plans/grammar.ts';
export type { Move, StorePlace, WrittenMove } from '../plans/move.ts';
export { readPlanFile } from '../plans/plan-file.ts';
export { readMove } from '../plans/read-move.ts';
export { trustSystemAuthorities } from '../transport/authorities.ts';
export { openUdpClient } from '../transport/udp-client.ts';
export { type AdminAccess, readAdminAccess, usualAdminAccess } from './admin/access.ts';
export { adminHeaders, answerJson, refuseRequest } from './admin/answer.ts';
export { type AdminCollection, type AdminPage, adminUse, chosenAdminAddress, examineAdmin, openAdmin, openAdminDoor } from './admin/door.ts';
export { askerOf, isOrderName, readOrderFields } from './admin/order.ts';
export * as migration from './migration.ts';
export { type PoolMemberStatus, type PoolService, poolService } from './pool-service.ts';
export { type Passage, type UpstreamService, upstreamService } from './upstream-service.ts';
