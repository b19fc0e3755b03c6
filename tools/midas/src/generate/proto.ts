import { cp, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { z } from 'zod';
import { exists } from '../backing/install.ts';
import { userError } from '../errors.ts';
import { ROOT } from '../paths.ts';
import { run, tryRun } from '../process/run.ts';
import { digestOf, filesBelow, unlessStamped } from './stamp.ts';

const PROTO = join(ROOT, 'proto');
const GEN = join(PROTO, 'gen');
const DEPENDENCIES = join(GEN, 'deps');
const BIN = join(PROTO, 'node_modules/.bin');

const PROTOVALIDATE = { module: 'github.com/bufbuild/protovalidate', version: 'v1.2.2' } as const;

const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `${BIN}${delimiter}${process.env.PATH ?? ''}`,
});

/** Runs buf in `proto/`; what it says becomes the advice of the error when it fails. */
export const buf = (args: readonly string[], failure: string, cwd = PROTO): Promise<string> =>
  run(join(BIN, 'buf'), args, failure, { cwd, env: environment() });

const downloaded = z.object({ Dir: z.string() });

/** From the Go module proxy, or, on a machine without Go, from buf's own registry. */
const fetchValidate = async (target: string): Promise<void> => {
  const name = `${PROTOVALIDATE.module}@${PROTOVALIDATE.version}`;
  const answer = await tryRun('go', ['mod', 'download', '-json', name], { cwd: GEN, env: process.env });
  if (answer) {
    const folder = join(downloaded.parse(JSON.parse(answer)).Dir, 'proto/protovalidate/buf');
    return cp(folder, join(target, 'buf'), { recursive: true });
  }
  const exported = await tryRun(
    join(BIN, 'buf'),
    ['export', `buf.build/bufbuild/protovalidate:${PROTOVALIDATE.version}`, '--output', target],
    { env: environment() },
  );
  if (exported !== undefined) return;
  throw userError(
    'The validation rules of protovalidate can be fetched neither with Go nor from the registry of buf.',
    'Install Go: sudo apt-get install -y golang-go',
  );
};

/** Brings the two imports that are not ours to a place with a stable relative path, for buf.yaml. */
const wireDependencies = async (): Promise<void> => {
  const fresh = join(GEN, `deps-${process.pid}`);
  await rm(fresh, { recursive: true, force: true });
  await mkdir(join(fresh, 'validate'), { recursive: true });
  await fetchValidate(join(fresh, 'validate'));
  const api = join(PROTO, 'node_modules/protobufjs/google/api');
  await mkdir(join(fresh, 'googleapis/google/api'), { recursive: true });
  for (const name of ['annotations.proto', 'http.proto'])
    await cp(join(api, name), join(fresh, 'googleapis/google/api', name));
  await rm(DEPENDENCIES, { recursive: true, force: true });
  await rename(fresh, DEPENDENCIES);
};

/** Made beside its place and moved there, so that a process that starts meanwhile finds all or nothing. */
const generateCode = async (): Promise<void> => {
  const fresh = join(GEN, `next-${process.pid}`);
  try {
    await rm(fresh, { recursive: true, force: true });
    await mkdir(fresh, { recursive: true });
    await buf(['generate', '--output', fresh], 'The TypeScript of the contract could not be generated.');
    const descriptors = join(fresh, 'descriptors.binpb');
    await buf(['build', '--output', descriptors], 'The descriptors of the contract could not be built.');
    await rm(join(GEN, 'ts'), { recursive: true, force: true });
    await rename(join(fresh, 'gen/ts'), join(GEN, 'ts'));
    await rename(descriptors, join(GEN, 'descriptors.binpb'));
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
};

const inputDigest = async (): Promise<string> => {
  const protos = await filesBelow(join(PROTO, 'midas'), '.proto');
  const settings = ['buf.yaml', 'buf.gen.yaml', 'package.json'].map((name) => join(PROTO, name));
  return digestOf(PROTO, [...protos, ...settings], PROTOVALIDATE.version);
};

/** Makes the imports available, for checks that need nothing else. */
export const ensureDependencies = async (): Promise<void> => {
  await mkdir(GEN, { recursive: true });
  const versions = await readFile(join(PROTO, 'package.json'), 'utf8');
  const digest = await digestOf(PROTO, [], PROTOVALIDATE.version, versions);
  if (!(await exists(DEPENDENCIES))) await rm(join(GEN, '.deps'), { force: true });
  await unlessStamped(join(GEN, '.deps'), digest, wireDependencies);
};

/** Generates TypeScript and descriptors from the contract, unless neither it nor its tools have changed. */
export const generateProto = async (): Promise<'made' | 'unchanged'> => {
  await ensureDependencies();
  const made = await Promise.all([exists(join(GEN, 'ts')), exists(join(GEN, 'descriptors.binpb'))]);
  if (made.includes(false)) await rm(join(GEN, '.stamp'), { force: true });
  return unlessStamped(join(GEN, '.stamp'), await inputDigest(), generateCode);
};
