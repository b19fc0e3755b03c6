import { generateAll } from './generate/index.ts';
import { caughtUp, down, eraseData, type Platform, up } from './platform/index.ts';
import type { Progress } from './progress/index.ts';
import { replayState, simulate } from './simulate/index.ts';

export type DemoOptions = {
  readonly home: string;
  readonly progress: Progress;
  readonly seed: number;
  readonly scale: number;
  readonly figures?: string;
  readonly report?: string;
  readonly json: boolean;
  readonly gatewayPort?: number;
};

/** Brings the platform up and replays the year that is asked for, in a clean platform if it holds another one. */
export const runDemo = async (options: DemoOptions): Promise<Platform> => {
  const { home, progress, seed, scale, figures, report, gatewayPort } = options;
  const year = { seed, scale, ...(figures ? { figures } : {}) };
  // First, so that a mistake in the options is told before anything is started.
  const state = await replayState(home, year);
  await generateAll(progress);
  if (state === 'other') {
    progress.note(
      'This platform holds a year with another seed, scale or figures: its data is erased first.',
    );
    await eraseData({ home, progress });
  }
  const platform = await up({ home, progress, ...(gatewayPort ? { gatewayPort } : {}) });
  await simulate({
    ...year,
    ...(report ? { report } : {}),
    gatewayUrl: platform.gatewayUrl,
    keycloakIssuer: platform.backing.keycloakIssuer,
    clientSecrets: platform.backing.clientSecrets,
    home,
    json: options.json,
    progress,
    status: () => caughtUp(home),
  });
  return platform;
};

const STOPPING = ['SIGINT', 'SIGTERM'] as const;

export type Stopper = {
  /** Resolves once the platform was stopped because of a signal. */
  readonly ended: Promise<void>;
  readonly isStopping: () => boolean;
};

/**
 * Stops the platform when this process is told to end. The first signal starts it, further ones (a shell sends them to
 * npm and to us) change nothing.
 */
export const stopOnSignal = (home: string, progress: Progress): Stopper => {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    progress.note('\nStopping …');
    down({ home, progress }).then(resolve, reject);
  };
  for (const signal of STOPPING) process.on(signal, stop);
  return { ended: promise, isStopping: () => stopping };
};
