// `ferrydns/built-in/moves`: the engine of a move, and how one is written.

export type { MovedName } from '../migration/plan.ts';
export { type MigrateOptions, migrateGrammar, moveOptionNames } from '../plans/grammar.ts';
export type { Move, StorePlace, WrittenMove } from '../plans/move.ts';
export { readPlanFile } from '../plans/plan-file.ts';
export type { PlanStatus } from '../plans/plan-status.ts';
export { readMove } from '../plans/read-move.ts';
export { readStorePlace } from '../plans/store-place.ts';
export * as migration from './migration.ts';
