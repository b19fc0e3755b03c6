/** What a service stands on. Pure rule files import `@midas/kit/rules` instead. */
export * from './access/index.ts';
export {
  type CopiedHead,
  type Finding,
  headIn,
  type Verified,
  type VerifyOptions,
  verifyTrail,
} from './audit/index.ts';
export * from './config/index.ts';
export * from './contract/index.ts';
export { type CsvValue, csvCell, csvLine } from './csv.ts';
export { addDays, addMonths, endOfWeekday, isoDate, localDate, localMidnight, yearsLater } from './dates.ts';
export {
  type AuditEntry,
  type AuditQuestion,
  auditEntriesOf,
  type Bytes,
  blindIndex,
  type Codec,
  isUniqueViolation,
  type KeyedDigest,
  type Keyset,
  lastingDigest,
  type NamedDigest,
  newId,
  type PagePosition,
  type PageRequest,
  pseudonym,
  type SealedColumn,
  type Sealer,
  sealer,
  type Tx,
} from './db/index.ts';
export * from './errors/index.ts';
export { type EventContext, type EventUnit, on, type Subscription } from './events/index.ts';
export * from './health/index.ts';
export * from './identity/index.ts';
export * from './log/index.ts';
export { startProcess } from './process.ts';
export type { KeyedIndex } from './rotation/keyed-index.ts';
export * from './rpc/index.ts';
export {
  type Background,
  type Deps,
  type Running,
  type RunOptions,
  runService,
  type WorkUnit,
} from './run.ts';
export * from './subject/index.ts';
export * from './telemetry/index.ts';
export { plainTransport, type Transport, transport } from './tls/index.ts';
