import type { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import type { Health } from './checks.ts';

const everyMs = 5_000;

/** Adds grpc.health.v1 to a server; it says what readiness says. Returns how to stop, saying NOT_SERVING. */
export function addGrpcHealth(server: Server, services: readonly string[], health: Health): () => void {
  const names = ['', ...services];
  const implementation = new HealthImplementation(
    Object.fromEntries(names.map((name) => [name, 'SERVING' as const])),
  );
  const say = (isServing: boolean): void => {
    for (const name of names) implementation.setStatus(name, isServing ? 'SERVING' : 'NOT_SERVING');
  };
  implementation.addToServer(server);
  const timer = setInterval(() => {
    health.readiness().then(
      ({ ready }) => say(ready),
      () => say(false),
    );
  }, everyMs).unref();
  return () => {
    clearInterval(timer);
    say(false);
  };
}
