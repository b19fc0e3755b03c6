import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exists } from '../backing/install.ts';
import { ROOT } from '../paths.ts';
import { run, tryRun } from '../process/run.ts';
import { buf, ensureDependencies } from './proto.ts';

/**
 * What a change must not break: the newest release tag; before the first release the last commit, or the one before the
 * contract's last change where nothing is uncommitted. Undefined where there is no contract to compare with yet.
 */
const baseline = async (root = ROOT): Promise<string | undefined> => {
  const tags = (await tryRun('git', ['tag', '--list', 'v*', '--sort=-version:refname'], { cwd: root })) ?? '';
  const candidate = tags.split('\n')[0] || (await lastContract(root));
  const there = await tryRun('git', ['cat-file', '-e', `${candidate}:proto/buf.yaml`], { cwd: root });
  return there === undefined ? undefined : candidate;
};

const lastContract = async (root: string): Promise<string> => {
  const changed = await tryRun('git', ['status', '--porcelain', '--', 'proto'], { cwd: root });
  if (changed?.trim()) return 'HEAD';
  const commits = (await tryRun('git', ['rev-list', '-2', 'HEAD', '--', 'proto/midas'], { cwd: root })) ?? '';
  return commits.trim().split('\n')[1] ?? 'HEAD';
};

/** The contract as it was, with the same imports beside it: they are fetched, not committed. */
const withContractOf = async (reference: string, work: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'midas-contract-'));
  try {
    const archive = join(folder, 'proto.tar');
    const failure = `The contract of ${reference} could not be read from git.`;
    await run('git', ['archive', '--output', archive, reference, 'proto'], failure, { cwd: ROOT });
    await run('tar', ['-xf', archive, '-C', folder], failure);
    await mkdir(join(folder, 'proto/gen'), { recursive: true });
    if (!(await exists(join(folder, 'proto/gen/deps'))))
      await symlink(join(ROOT, 'proto/gen/deps'), join(folder, 'proto/gen/deps'));
    await work(join(folder, 'proto'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

export type ContractCheck = { readonly comparedWith: string | undefined };

/**
 * Checks the contract: lint, format, and that nothing was taken away or changed that a caller of the last release relies
 * on. Throws a `UserError` with what buf found.
 */
export const checkContract = async (): Promise<ContractCheck> => {
  await ensureDependencies();
  await buf(['lint', '--path', 'midas'], 'The contract breaks a lint rule.');
  await buf(
    ['format', '--diff', '--exit-code', '--path', 'midas'],
    'The contract is not formatted. Run: npx buf format -w in proto/',
  );
  const comparedWith = await baseline();
  if (comparedWith)
    await withContractOf(comparedWith, async (before) => {
      await buf(
        ['breaking', '--against', before],
        `The contract breaks what callers of ${comparedWith} rely on.`,
      );
    });
  return { comparedWith };
};
