import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../paths.ts';
import { run, tryRun } from '../process/run.ts';
import { buf, generateProto } from './proto.ts';

/** One check of the contract and what it was held against. */
export interface ContractCheck {
  readonly check: 'lint' | 'format' | 'breaking';
  readonly against?: string;
}

/** The newest release tag, else the last commit: what a change of the contract must not break. */
export async function breakingBaseline(): Promise<string> {
  const tag = await tryRun('git', ['describe', '--tags', '--abbrev=0', '--match', 'v*'], { cwd: ROOT });
  return tag?.trim() || 'HEAD';
}

/** Lints the contract, checks its format, and that it breaks nothing since the baseline; throws with buf's words. */
export async function checkContract(): Promise<readonly ContractCheck[]> {
  await generateProto();
  await buf(['lint', '--path', 'midas'], 'The contract breaks a lint rule.');
  await buf(
    ['format', '--path', 'midas', '--diff', '--exit-code'],
    'The contract is not formatted; run `npx buf format -w --path midas` in proto/.',
  );
  const against = await breakingBaseline();
  await withContractAt(against, (folder) =>
    buf(['breaking', '--against', folder], `The contract breaks what stood at ${against}.`),
  );
  return [{ check: 'lint' }, { check: 'format' }, { check: 'breaking', against }];
}

/** The contract as it stood at a commit, in a folder of its own with the proto files of others beside it. */
async function withContractAt(ref: string, work: (folder: string) => Promise<unknown>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'midas-contract-'));
  try {
    const archive = join(folder, 'contract.tar');
    await run(
      'git',
      ['archive', '-o', archive, ref, 'proto'],
      `The contract at ${ref} could not be read from git.`,
      { cwd: ROOT },
    );
    await run('tar', ['-xf', archive, '-C', folder], `The contract at ${ref} could not be unpacked.`);
    await cp(join(ROOT, 'proto/gen/deps'), join(folder, 'proto/gen/deps'), { recursive: true });
    await work(join(folder, 'proto'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
