import type { Dependency } from './checks.ts';

/** Whether Keycloak's key set can be read. A process is degraded without it, not dead. */
export function identityCheck(jwksUrl: string): Dependency {
  return {
    name: 'identity',
    isVital: false,
    // Verified tokens and read keys outlive a short absence.
    holdsMs: 10_000,
    check: async () => {
      const response = await fetch(jwksUrl, { signal: AbortSignal.timeout(2_000) });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`The key set answered ${response.status}.`);
    },
  };
}
