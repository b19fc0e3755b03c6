export { type Admin, type AdminOptions, adminServer } from './admin.ts';
export { type Dependency, type Health, health, type Readiness } from './checks.ts';
export { identityCheck } from './identity-check.ts';
