import type {
  Command,
  CommandSteps,
  Found,
  Handlers,
  MethodDefinition,
  Query,
  Reader,
  ServiceDefinition,
} from './types.ts';

/** A handler that changes something. Its types come from the RPC that it is given for. */
export function command<Req, Res, Prepared, Db>(
  steps: CommandSteps<Req, Res, Prepared, Db>,
): Command<Req, Res, Db> {
  // The chain hands `decide` nothing but what the same handler's `prepare` gave.
  return { kind: 'command', steps: steps as CommandSteps<Req, Res, unknown, Db> };
}

/** A handler that only reads. */
export function query<Req, Res, Db>(
  read: (request: Req, reader: Reader<Db>) => Promise<Found<Res>>,
): Query<Req, Res, Db> {
  return { kind: 'query', read };
}

/** A service definition with its handlers, for `runService`. */
export interface Bound<Db> {
  readonly typeName: string;
  readonly methods: readonly {
    readonly definition: MethodDefinition;
    readonly handler: Command<object, object, Db> | Query<object, object, Db>;
  }[];
}

/** Binds one handler to each RPC of a service. */
export function serve<S extends ServiceDefinition, Db>(definition: S, handlers: Handlers<S, Db>): Bound<Db> {
  const methods = Object.entries(definition).map(([name, method]) => ({
    definition: method,
    // `Handlers` ties each handler to the messages that its definition reads and writes.
    handler: handlers[name as keyof S] as unknown as Command<object, object, Db> | Query<object, object, Db>,
  }));
  const typeName = methods[0]?.definition.path.split('/')[1] ?? '';
  return { typeName, methods };
}
