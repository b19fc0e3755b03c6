import { join } from 'node:path';
import { z } from 'zod';
import { digestOf, filesBelow } from '../generate/stamp.ts';
import { ROOT } from '../paths.ts';
import { stopDetached } from '../process/detached.ts';
import { type Ensured, ensureRunning } from '../process/ensure.ts';
import { fingerprintOf } from '../process/fingerprint.ts';
import { serviceFolder } from '../services.ts';

const READY_WITHIN_MS = 60_000;
/** Longer than a process allows itself to drain. */
const STOP_WITHIN_MS = 30_000;

const readinessAnswer = z.object({
  status: z.string().default(''),
  dependencies: z.record(z.string(), z.string()).default({}),
});

/** What a process says of itself at `/readyz`. */
export type ProcessReadiness = Readonly<z.infer<typeof readinessAnswer>> & { readonly ready: boolean };

const PATIENCE_MS = 3000;

/** Asks a process whether it is ready; undefined when it does not answer. */
export const askReadiness = async (adminPort: number): Promise<ProcessReadiness | undefined> => {
  try {
    const answer = await fetch(`http://127.0.0.1:${adminPort}/readyz`, {
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const body: unknown = await answer.json();
    return { ...readinessAnswer.parse(body), ready: answer.ok };
  } catch {
    return undefined;
  }
};

/** The metrics of a process as text; undefined when it does not answer. */
export const askMetrics = async (adminPort: number): Promise<string | undefined> => {
  try {
    const answer = await fetch(`http://127.0.0.1:${adminPort}/metrics`, {
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return answer.ok ? await answer.text() : undefined;
  } catch {
    return undefined;
  }
};

// So that a process is started anew when the code that it runs has changed.
const codeDigest = async (service: string): Promise<string> => {
  const folders = [join(serviceFolder(service), 'src'), join(serviceFolder('kit'), 'src')];
  const found = await Promise.all(folders.map((folder) => filesBelow(folder, '.ts')));
  const code = found.flat().filter((file) => !file.endsWith('.test.ts'));
  const generated = [join(ROOT, 'proto/gen/descriptors.binpb'), join(serviceFolder(service), 'gen/.prisma')];
  const there = await filesBelow(join(serviceFolder(service), 'gen'), '.prisma');
  return digestOf(ROOT, [
    ...code,
    ...generated.filter((file) => file.endsWith('.binpb') || there.includes(file)),
  ]);
};

/** Starts one of our processes unless it runs already with the same code and settings; answers once it is ready. */
export const startService = async (options: {
  readonly home: string;
  readonly service: string;
  readonly ports: { readonly main: number; readonly admin: number };
  readonly environment: Readonly<Record<string, string>>;
}): Promise<Ensured<ProcessReadiness>> => {
  const { home, service, ports, environment } = options;
  const fingerprint = fingerprintOf(environment, await codeDigest(service));
  return ensureRunning({
    home,
    name: service,
    fingerprint,
    readyWithinMs: READY_WITHIN_MS,
    ready: async () => {
      const answer = await askReadiness(ports.admin);
      return answer?.ready ? answer : undefined;
    },
    prepare: async () => ({
      home,
      name: service,
      command: process.execPath,
      args: [join(serviceFolder(service), 'src/main.ts')],
      env: environment,
      cwd: serviceFolder(service),
      ports: { [`${service}.main`]: ports.main, [`${service}.admin`]: ports.admin },
      fingerprint,
    }),
  });
};

/** Lets a process finish what it has begun, and stops it. */
export const stopService = (home: string, service: string): Promise<'not running' | 'stopped' | 'killed'> =>
  stopDetached(home, service, { timeoutMs: STOP_WITHIN_MS });
