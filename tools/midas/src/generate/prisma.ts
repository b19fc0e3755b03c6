import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exists } from '../backing/install.ts';
import { composedSchema } from '../migrate/schema.ts';
import { ROOT } from '../paths.ts';
import { run } from '../process/run.ts';
import { serviceFolder } from '../services.ts';
import { digestOf, unlessStamped } from './stamp.ts';

const prismaCommand = async (): Promise<{ command: string; version: string }> => {
  const file = fileURLToPath(import.meta.resolve('prisma/package.json'));
  const about: { version: string; bin: { prisma: string } } = JSON.parse(await readFile(file, 'utf8'));
  return { command: join(dirname(file), about.bin.prisma), version: about.version };
};

/** Generates the Prisma client of one service from its schema and the library's tables. */
export const generatePrisma = async (service: string): Promise<'made' | 'unchanged'> => {
  const folder = join(serviceFolder(service), 'gen');
  const schema = join(folder, 'schema');
  const files = await composedSchema(service);
  const { command, version } = await prismaCommand();
  const digest = await digestOf(ROOT, [], version, ...files.map((file) => file.content));
  const stamp = join(folder, '.prisma');
  if (!(await exists(join(folder, 'prisma')))) await rm(stamp, { force: true });
  return unlessStamped(stamp, digest, async () => {
    await rm(schema, { recursive: true, force: true });
    await mkdir(schema, { recursive: true });
    for (const file of files) await writeFile(join(schema, file.path), file.content);
    await run(
      process.execPath,
      [command, 'generate', '--schema', schema],
      `The Prisma client of ${service} could not be generated.`,
      {
        cwd: serviceFolder(service),
        env: {
          ...process.env,
          // Generating needs no engine; naming any program here keeps Prisma from downloading one.
          PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
          PRISMA_HIDE_UPDATE_MESSAGE: '1',
          CHECKPOINT_DISABLE: '1',
        },
      },
    );
  });
};
