export { anonymous, type Caller } from './caller.ts';
export type { Claims } from './claims.ts';
export { type ServiceTokenOptions, type ServiceTokens, serviceTokens } from './service-tokens.ts';
export type { TokenVerifier } from './verifier.ts';
