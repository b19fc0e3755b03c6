// Spans and metrics of a test are real ones, as in a process.
import '../telemetry/start.ts';

export { installCertificate, type TestAuthority, testAuthority } from './certificates.ts';
export { type Checked, checkCost } from './check-cost.ts';
export { serviceClient, type TestCall, type TestCaller, type TestClient } from './client.ts';
export {
  type KeyRingText,
  testKeyRing,
  testKeyRingFile,
  testKeyRingText,
  testServiceConfig,
  testServiceEnvironment,
  writeKeyRing,
} from './config.ts';
export { type TestDatabase, testDatabase } from './database.ts';
export { suiteVariable } from './env.ts';
export { forwardedUser } from './forwarded.ts';
export { freePort, type TestNats, testNats } from './nats.ts';
export { type OtlpReceiver, otlpReceiver, type ReceivedSpan } from './otlp.ts';
export { type PeerAnswers, type TestPeer, testPeer } from './peer.ts';
export { type Forgery, forgedToken, testSecret, testServiceToken, testToken } from './tokens.ts';
export { type Trail, trail } from './trail.ts';
export { type WaitOptions, waitFor } from './wait.ts';
