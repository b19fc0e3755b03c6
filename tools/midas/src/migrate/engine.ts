import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { SchemaContainer, SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import { messageOf, userError } from '../errors.ts';
import { migrationAdapter } from './adapter.ts';

// Part of Node, but not of its type declarations.
declare const WebAssembly: {
  readonly instantiate: (
    bytes: Uint8Array,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => Promise<{ readonly instance: { readonly exports: Readonly<Record<string, unknown>> } }>;
};

/** No table is managed by somebody else. */
export const NO_FILTER = { externalTables: [], externalEnums: [] };

let loading: Promise<void> | undefined;
let lastPanic = '';

// Where the engine puts what it says when it gives up.
Object.assign(globalThis, {
  PRISMA_WASM_PANIC_REGISTRY: {
    set_message: (message: string) => {
      lastPanic = message;
    },
  },
});

// The package's own entry imports the .wasm file as a module, which Node does only behind a flag.
const instantiate = async (): Promise<void> => {
  const file = fileURLToPath(import.meta.resolve('@prisma/schema-engine-wasm')).replace(
    /schema_engine\.js$/,
    'schema_engine_bg.wasm',
  );
  const { instance } = await WebAssembly.instantiate(await readFile(file), {
    './schema_engine_bg.js': { ...bindings },
  });
  bindings.__wbg_set_wasm(instance.exports);
  const start = instance.exports.__wbindgen_start;
  if (typeof start === 'function') start();
};

/** The engine's own words, without the wrapping it gives them. */
const explain = (cause: unknown): string => {
  const text = messageOf(cause) === 'unreachable' ? lastPanic : messageOf(cause);
  const found = /"message":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  const words: string = found ? JSON.parse(`"${found}"`) : text;
  // What follows are places in the engine's own code.
  return words.split(/\n\s+0: /)[0]?.trim() ?? '';
};

/** Runs `work` with Prisma's schema engine on one database, reached through the ordinary driver. */
export const withEngine = async <T>(
  databaseUrl: string,
  schema: readonly SchemaContainer[],
  what: string,
  work: (engine: SchemaEngine) => Promise<T>,
): Promise<T> => {
  loading ??= instantiate();
  await loading;
  const adapter = migrationAdapter(databaseUrl);
  const datamodels = schema.map((file): [string, string] => [file.path, file.content]);
  try {
    const factory = bindMigrationAwareSqlAdapterFactory(adapter.factory);
    const engine = await bindings.SchemaEngine.new({ datamodels }, () => undefined, factory);
    try {
      return await work(engine);
    } finally {
      engine.free();
    }
  } catch (cause) {
    throw userError(`${what} failed.`, explain(cause));
  } finally {
    await adapter.close();
  }
};
