import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The arguments of every process of this machine, as anybody on it can print them. */
export async function printedArguments(): Promise<string> {
  const { stdout } = await promisify(execFile)('ps', ['-axww', '-o', 'args='], { maxBuffer: 64 << 20 });
  return stdout;
}
