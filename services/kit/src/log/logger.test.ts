import { describe, expect, it } from 'vitest';
import { DomainError } from '../errors/domain-error.ts';
import { logger } from './logger.ts';

function lineOf(fields: Readonly<Record<string, unknown>>): { text: string; line: Record<string, unknown> } {
  const written: string[] = [];
  const log = logger({
    name: 'thing',
    level: 'info',
    traceId: () => 'trace-1',
    destination: { write: (text: string) => void written.push(text) },
  });
  log.info(fields, 'happened');
  const text = written.join('');
  return { text, line: JSON.parse(text) };
}

describe('a line of the log', () => {
  it('names the service, the trace and what happened', () => {
    expect(lineOf({ record_id: 'id-1' }).line).toMatchObject({
      level: 'info',
      service: 'thing',
      trace_id: 'trace-1',
      record_id: 'id-1',
      msg: 'happened',
    });
  });

  it('holds no value under a name that the contract marks, at any depth', () => {
    const { text } = lineOf({
      familyName: 'Imagined',
      request: { person: { given_name: 'Ines' }, list: [{ nhsNumber: '9434765919' }] },
      authorization: 'Bearer abc',
      bytes: new Uint8Array([1, 2, 3]),
    });
    expect(text).not.toMatch(/Imagined|Ines|9434765919|abc/);
    expect(text).toContain('[redacted]');
  });

  it('tells of a foreign error where it came from and not what it said', () => {
    const cause = new Error('Key (name)=(Imagined) already exists');
    const { text, line } = lineOf({
      error: new DomainError('conflict', 'taken', 'Taken already.', { cause }),
    });
    expect(line.error).toMatchObject({ slug: 'taken', message: 'Taken already.', cause: { type: 'Error' } });
    expect(text).not.toContain('Imagined');
    expect(text).toContain('logger.test.ts');
  });

  it('tells of the operating system’s errors in full', () => {
    const error = Object.assign(new Error('connect ECONNREFUSED'), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
    });
    expect(lineOf({ error }).line.error).toMatchObject({
      code: 'ECONNREFUSED',
      message: 'connect ECONNREFUSED',
    });
  });
});
