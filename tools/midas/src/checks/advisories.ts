import { execFile } from 'node:child_process';
import { userError } from '../errors.ts';
import { ROOT } from '../paths.ts';

const PNPM = 'pnpm@12.21.0';
/** EX_TEMPFAIL of sysexits.h: nothing is known, which is neither good nor bad news. */
const UNKNOWN = 75;

/** How an audit by pnpm ended; `unknown` when nobody answered it. */
export const auditOutcome = (code: number, output: string): 'clean' | 'found' | 'unknown' => {
  if (code === 0) return 'clean';
  return /\b[1-9]\d* vulnerabilit(?:y|ies) found/i.test(output) ? 'found' : 'unknown';
};

const audit = (): Promise<{ readonly code: number; readonly output: string }> =>
  new Promise((resolve) => {
    execFile(
      'npx',
      ['--yes', PNPM, 'audit', '--audit-level', 'high'],
      { cwd: ROOT, maxBuffer: 64 << 20, timeout: 120_000 },
      (error, stdout, stderr) =>
        resolve({
          code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1,
          output: `${stdout}\n${stderr}`.trim(),
        }),
    );
  });

/**
 * Asks the registry for advisories on the packages in use; answers what it said. Throws when one is high or critical,
 * and, with an exit code of its own, when the registry cannot be asked: silence is no clean bill.
 */
export const checkAdvisories = async (): Promise<string> => {
  const { code, output } = await audit();
  const outcome = auditOutcome(code, output);
  if (outcome === 'clean') return output;
  if (outcome === 'found')
    throw userError(
      `Packages in use have advisories.\n${output}`,
      'Update them, or override the version in pnpm-workspace.yaml.',
    );
  throw userError(
    'The registry did not answer the audit: whether a package has an advisory is not known.',
    'Run it where the audit of the package registry can be reached.',
    UNKNOWN,
  );
};
