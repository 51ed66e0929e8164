// `ferrydns/built-in`: what the plugins of this repository share besides `ferrydns/plugin`: asking other servers, and what they provide to each other.
// `ferrydns/built-in/admin`, `/checks`, `/kubernetes` and `/moves` hold more of that, apart because most servers load none of it.
// Others import it at their own risk: it changes without notice.

export { askServer, openServer } from '../client/ask-server.ts';
export type { Channel, ConnectionSettings, Outstanding } from '../client/channel.ts';
export { onlyAnswers } from '../client/message.ts';
export { randomId } from '../client/random-id.ts';
export { RemoteServer } from '../client/remote-server.ts';
export { searchDomainsIn } from '../client/resolv-conf.ts';
export { addressOf, readServerAddress, type ServerAddress } from '../client/server-address.ts';
export { type Asker, type Manner, Transaction } from '../client/transaction.ts';
export { type DifferenceKind, differenceKinds } from '../comparison/reply-differences.ts';
export { judgeRounds, type Round, type Said, type Verdict } from '../comparison/rounds.ts';
export { share } from '../config/share.ts';
export { asSent } from '../dns/as-sent.ts';
export { writeAddress } from '../dns/client-address.ts';
export { maxTtl, typeMnemonic } from '../dns/codes.ts';
export { leaveTrail } from '../dns/exchange.ts';
export { hashName, nameHashOf } from '../dns/name.ts';
export { replaceNames } from '../dns/rdata.ts';
export { shortened } from '../dns/record.ts';
export { readRecord } from '../dns/record-text.ts';
export { isCut } from '../dns/render.ts';
export { kindOf, type ReplyKind } from '../dns/reply-kind.ts';
export type { Survey } from '../dns/survey.ts';
export { type CacheOutcome, Trail } from '../dns/trail.ts';
export { trustSystemAuthorities } from '../transport/authorities.ts';
export { openUdpClient } from '../transport/udp-client.ts';
export { type AnswerChanges, answerChanges } from './answer-changes.ts';
export * from './cluster-names.ts';
export * from './cluster-services.ts';
export { type MovedPlan, movedPlan } from './moved-plan.ts';
export { type PoolMemberStatus, type PoolService, poolService } from './pool-service.ts';
export type { AllDown, PoolMember, PoolServing, PoolStatus, ServingReason } from './pool-status.ts';
export type { Counted, CountedKey, CountedWaste, FoundEvents, NumberedEvent, QueryEvent, QueryPage, TopQueries } from './query-log-status.ts';
export { type RecentQueries, type RecentQuery, recentQueries } from './recent-queries.ts';
export type { FoundDifference, ShadowDifference, ShadowOutcome, ShadowStatus } from './shadow-status.ts';
export { type Passage, type UpstreamService, type UpstreamState, upstreamService } from './upstream-service.ts';
