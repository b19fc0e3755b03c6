export { databaseAdapter } from './adapter.ts';
export { type AuditWriter, auditWriter } from './audit.ts';
export { type AuditEntry, type AuditQuestion, auditEntriesOf } from './audit-entries.ts';
export { auditMark } from './audit-mark.ts';
export { claimKey, usedKey } from './claim-key.ts';
export { isUniqueViolation } from './errors.ts';
export { newId } from './ids.ts';
export {
  type Bytes,
  blindIndex,
  digest,
  type KeyedDigest,
  lastingDigest,
  type NamedDigest,
  pseudonym,
} from './keys.ts';
export { type Keyset, type PagePosition, type PageRequest, type Pages, pages } from './pages.ts';
export {
  type SealedColumn,
  type SealedPlace,
  type Sealer,
  type ServiceSealer,
  sealer,
} from './sealer.ts';
export { transact } from './transact.ts';
export type {
  AuditRow,
  Codec,
  Database,
  Effects,
  IdempotencyKey,
  IdempotencyRow,
  InboxRow,
  KeyClaim,
  OutboxRow,
  RawClient,
  Tx,
} from './types.ts';
