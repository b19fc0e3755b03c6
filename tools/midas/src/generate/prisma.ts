import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { composedSchema } from '../migrate/schema.ts';
import { ROOT } from '../paths.ts';
import { run } from '../process/run.ts';
import { listSchemas, serviceFolder } from '../services.ts';
import { digestOf, unlessStamped } from './stamp.ts';

/** Makes the Prisma client of one folder of `services/`; true unless it was up to date. */
async function generateClient(service: string): Promise<boolean> {
  const gen = join(serviceFolder(service), 'gen');
  const schema = await composedSchema(service);
  await mkdir(join(gen, 'schema'), { recursive: true });
  const tool = join(ROOT, 'tools/midas/package.json');
  const digest = await digestOf(
    [tool],
    schema.map(({ content }) => content),
  );
  return unlessStamped(gen, digest, async () => {
    await rm(join(gen, 'prisma'), { recursive: true, force: true });
    for (const { path, content } of schema) await writeFile(join(gen, 'schema', path), content);
    await run(
      join(ROOT, 'tools/midas/node_modules/.bin/prisma'),
      ['generate', '--schema', join(gen, 'schema'), '--no-hints'],
      `The Prisma client of ${service} could not be made.`,
      {
        cwd: join(ROOT, 'tools/midas'),
        // Generating needs no engine: naming any executable keeps Prisma from downloading one.
        env: {
          ...process.env,
          PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
          PRISMA_HIDE_UPDATE_MESSAGE: '1',
        },
      },
    );
  });
}

/** Makes the Prisma client of every service that has a schema; answers with those that were not up to date. */
export async function generateClients(): Promise<readonly string[]> {
  const made: string[] = [];
  for (const service of await listSchemas()) if (await generateClient(service)) made.push(service);
  return made;
}
