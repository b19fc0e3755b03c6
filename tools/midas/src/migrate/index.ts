export { listSchemas } from '../services.ts';
export { type Applied, type ApplyOptions, applyAll, applyMigrations } from './apply.ts';
export { checkDrift, type Drift } from './check.ts';
export { databaseExists, type RolePasswords, urlFor, withClient } from './databases.ts';
export { writeMigration } from './new.ts';
