// `ferrydns/plugin`: the one module a plugin imports.

export { formatDuration, parseDuration } from '../config/duration.ts';
export { ConfigError, ConfigErrors, messageOf, type Place } from '../config/error.ts';
export * from '../config/grammar.ts';
export type { Line, Word } from '../config/tree.ts';
export * from '../config/values.ts';
export { WatchedFile } from '../config/watched-file.ts';
export { normalizeZones, parseHostPort } from '../config/zone-key.ts';
export { canonicalAddress } from '../dns/address.ts';
export type { Client, Route, Transport } from '../dns/client.ts';
export { type ClientSubnet, clientSubnetOf, clientSubnetOption } from '../dns/client-subnet.ts';
export {
  classCode,
  className,
  EdnsOption,
  ExtendedError,
  headerFlag,
  QueryClass,
  QueryType,
  type Rcode,
  ResponseCode,
  rcodeCode,
  rcodeName,
  typeCode,
  typeName,
} from '../dns/codes.ts';
export type { Option } from '../dns/edns.ts';
export { answersToo } from '../dns/exchange.ts';
export type { Explained } from '../dns/explained.ts';
export { type ExtendedErrorValue, extendedErrorOption, extendedErrorsOf } from '../dns/extended-error.ts';
export { type Metadata, type MetadataKey, metadataKey } from '../dns/metadata.ts';
export { isSubdomain, labelsOf, longestMatch, type Name, nameFromWire, nameToWire, parentOf, parseName, root } from '../dns/name.ts';
export { type Network, NetworkTable, networkText, parseNetwork } from '../dns/network.ts';
export { makeQuery, type OwnQuery, ownClient } from '../dns/own-query.ts';
export type { Query } from '../dns/query.ts';
export { QueryError } from '../dns/query-error.ts';
export type { QueryChange } from '../dns/query-fields.ts';
export { type RecordFields, type ResourceRecord, record } from '../dns/record.ts';
export { Reply, type ReplyChange } from '../dns/reply.ts';
export { headerLength, sameName } from '../dns/wire.ts';
export type { Logger } from '../log/logger.ts';
export { type Counter, type Histogram, type Metrics, perRoute } from '../metrics/metrics.ts';
export type { ProxyEvent, ProxyPolicy, ProxySettings } from '../transport/proxy-settings.ts';
export type { Timeouts } from '../transport/stream-settings.ts';
export type { UdpClient } from '../transport/udp-socket.ts';
export { type Awaitable, after, isPromise, rescue } from './awaitable.ts';
export { type Capability, capability, metadataSource, type Provided, provide } from './capability.ts';
export { type CheckedConfiguration, type CheckedPlan, type Finding, findingOf } from './check-apart.ts';
export { type Deadlines, definePlugin, isPlugin, type Plugin, type PluginDefinition } from './definition.ts';
export { type Explanation, type Question, readQuestion } from './explanation.ts';
export { type Foresight, foresightOf } from './foresight.ts';
export type { ForeseenChange, ForeseenUnknown, Outlook, RecentQuestion } from './outlook.ts';
export type {
  BlockSettings,
  ExamineContext,
  ForesightContext,
  Handle,
  HttpRequest,
  HttpResponse,
  HttpService,
  HttpTls,
  Instance,
  Next,
  ReadConfiguration,
  ServedBlock,
  ServerControl,
  SetupContext,
  StartContext,
  Way,
} from './plugin.ts';
export { type LoadedReload, type RefusedReload, type ReloadGuard, type ReloadOutcomes, reloadGuard } from './reload-guard.ts';
export { type RequestObserver, requestObserver } from './request-observer.ts';
export { type SharedState, type StateKey, type StateListener, sharedState } from './shared-state.ts';
export type { WireStep } from './wire-step.ts';
