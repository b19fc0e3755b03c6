import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf, userError } from '../errors.ts';

const execute = promisify(execFile);

export type RunOptions = {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly gid?: number;
};

/** What a command printed, or undefined when it is absent or fails. */
export const tryRun = async (
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string | undefined> => {
  try {
    const { stdout, stderr } = await execute(command, [...args], { ...options, maxBuffer: 64 << 20 });
    return `${stdout}${stderr}`;
  } catch {
    return undefined;
  }
};

const lastLines = (text: string): string => text.trim().split('\n').slice(-12).join('\n');

/** Standard output of a command; a failure becomes one sentence with the end of what the command said. */
export const run = async (
  command: string,
  args: readonly string[],
  failure: string,
  options: RunOptions = {},
): Promise<string> => {
  try {
    const { stdout } = await execute(command, [...args], { ...options, maxBuffer: 64 << 20 });
    return stdout;
  } catch (cause) {
    const said =
      cause instanceof Error && 'stderr' in cause && 'stdout' in cause
        ? lastLines(`${String(cause.stdout)}\n${String(cause.stderr)}`)
        : '';
    throw userError(failure, said || messageOf(cause));
  }
};
