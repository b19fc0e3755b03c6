import { cp, mkdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { userError } from '../errors.ts';
import { ROOT } from '../paths.ts';
import { run } from '../process/run.ts';
import { digestOf, filesBelow, unlessStamped } from './stamp.ts';

const PROTO = join(ROOT, 'proto');
const GEN = join(PROTO, 'gen');
/** Protovalidate's own proto files; its run-time library is pinned in pnpm-workspace.yaml. */
const PROTOVALIDATE = 'github.com/bufbuild/protovalidate@v1.2.2';

const bin = (name: string): string => join(PROTO, 'node_modules/.bin', name);
const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `${join(PROTO, 'node_modules/.bin')}:${process.env.PATH ?? ''}`,
});

const moduleFolder = (printed: string): string => {
  const parsed: unknown = JSON.parse(printed);
  if (typeof parsed === 'object' && parsed !== null && 'Dir' in parsed && typeof parsed.Dir === 'string')
    return parsed.Dir;
  throw userError(
    `Go did not say where it put ${PROTOVALIDATE}.`,
    'Run `go mod download -json` by hand and look.',
  );
};

/** Puts the proto files of others where buf.yaml looks for them. */
async function fetchDependencies(): Promise<void> {
  const printed = await run(
    'go',
    ['mod', 'download', '-json', PROTOVALIDATE],
    `The proto files of ${PROTOVALIDATE} could not be fetched; Go is needed for it (https://go.dev/doc/install).`,
  );
  const validate = join(moduleFolder(printed), 'proto/protovalidate/buf/validate/validate.proto');
  const google = await realpath(join(PROTO, 'node_modules/protobufjs/google/api'));
  const target = join(GEN, 'deps');
  await rm(target, { recursive: true, force: true });
  await mkdir(join(target, 'validate/buf/validate'), { recursive: true });
  await mkdir(join(target, 'googleapis/google/api'), { recursive: true });
  await cp(validate, join(target, 'validate/buf/validate/validate.proto'));
  for (const name of ['annotations.proto', 'http.proto']) {
    await cp(join(google, name), join(target, 'googleapis/google/api', name));
  }
}

/** Runs buf in `proto/`; its words become the error. */
export const buf = (args: readonly string[], failure: string): Promise<string> =>
  run(bin('buf'), args, failure, { cwd: PROTO, env: environment() });

/** Makes TypeScript and the descriptor set from the contract; true unless they were up to date. */
export async function generateProto(): Promise<boolean> {
  const sources = await filesBelow(join(PROTO, 'midas'), '.proto');
  const settings = ['buf.yaml', 'buf.gen.yaml', 'package.json'].map((name) => join(PROTO, name));
  await mkdir(GEN, { recursive: true });
  return unlessStamped(GEN, await digestOf([...sources, ...settings], [PROTOVALIDATE]), async () => {
    await fetchDependencies();
    await rm(join(GEN, 'ts'), { recursive: true, force: true });
    await buf(['generate'], 'TypeScript could not be made from the contract in proto/.');
    await buf(['build', '-o', 'gen/descriptors.binpb'], 'The contract in proto/ does not compile.');
  });
}
