/** One thing that a process stands on. */
export interface Dependency {
  readonly name: string;
  /** Without it the process can answer nothing; without another it is merely degraded. */
  readonly isVital: boolean;
  /** Resolves when it is there; any rejection means that it is not. */
  readonly check: () => Promise<void>;
  /** Milliseconds for which an answer holds; 1,000 when left out. */
  readonly holdsMs?: number;
}

export type DependencyState = 'up' | 'down';

/** `ready` means that calls can be answered; `status` says whether fully. */
export interface Readiness {
  readonly ready: boolean;
  readonly status: 'ok' | 'degraded' | 'down' | 'draining';
  readonly dependencies: Readonly<Record<string, DependencyState>>;
}

export interface Health {
  readonly readiness: () => Promise<Readiness>;
  /** From now on not ready, whatever the dependencies say. */
  readonly drain: () => void;
}

const patienceMs = 2_000;

/** Asks the dependencies when asked, each at most as often as its answer holds. */
export function health(dependencies: readonly Dependency[], now: () => number = Date.now): Health {
  let draining = false;
  const watched = dependencies.map((dependency) => ({ dependency, ask: held(dependency, now) }));
  return {
    async readiness() {
      const states = await Promise.all(
        watched.map(async ({ dependency, ask }) => ({ dependency, state: await ask() })),
      );
      const down = states.filter(({ state }) => state === 'down');
      const isVitalDown = down.some(({ dependency }) => dependency.isVital);
      const status = draining ? 'draining' : isVitalDown ? 'down' : down.length > 0 ? 'degraded' : 'ok';
      return {
        ready: !draining && !isVitalDown,
        status,
        dependencies: Object.fromEntries(states.map(({ dependency, state }) => [dependency.name, state])),
      };
    },
    drain() {
      draining = true;
    },
  };
}

function held({ check, holdsMs = 1_000 }: Dependency, now: () => number): () => Promise<DependencyState> {
  let known: { readonly state: DependencyState; readonly until: number } | undefined;
  let asking: Promise<DependencyState> | undefined;
  return async () => {
    if (known !== undefined && now() < known.until) return known.state;
    asking ??= withinPatience(check).then((state) => {
      known = { state, until: now() + holdsMs };
      asking = undefined;
      return state;
    });
    return asking;
  };
}

async function withinPatience(check: () => Promise<void>): Promise<DependencyState> {
  const { promise, resolve } = Promise.withResolvers<DependencyState>();
  const timer = setTimeout(() => resolve('down'), patienceMs);
  // A check that throws at once counts like one that rejects.
  const asked = (async () => check())();
  asked.then(
    () => resolve('up'),
    () => resolve('down'),
  );
  return promise.finally(() => clearTimeout(timer));
}
