export { type CopiedHead, headIn } from './heads.ts';
export { type SealingOptions, sealing, type TrailSealing } from './sealing.ts';
export { type Finding, type Verified, type VerifyOptions, verifyTrail } from './verify.ts';
