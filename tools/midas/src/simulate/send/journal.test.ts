import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openJournal, replayed } from './journal.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'journal-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('the journal', () => {
  it('remembers steps with their results over runs', () => {
    const first = openJournal(home, 'year-1');
    first.write('a', { id: '1' });
    first.write('b', { id: '2', etag: '"x"' });
    first.close();
    const second = openJournal(home, 'year-1');
    expect([...second.done]).toEqual([
      ['a', { id: '1' }],
      ['b', { id: '2', etag: '"x"' }],
    ]);
    second.write('c', { id: '3' });
    second.close();
    expect(replayed(home)).toEqual({ digest: 'year-1', steps: 3 });
  });

  it('forgets a line that a death cut off, and goes on cleanly behind it', () => {
    const first = openJournal(home, 'year-1');
    first.write('a', { id: '1' });
    first.close();
    appendFileSync(join(home, 'replay.jsonl'), '["b","half of an i');
    const second = openJournal(home, 'year-1');
    expect([...second.done.keys()]).toEqual(['a']);
    second.write('c', { id: '3' });
    second.close();
    expect(readFileSync(join(home, 'replay.jsonl'), 'utf8')).toBe('year-1\n["a","1"]\n["c","3"]\n');
  });

  it('is not there before anything was replayed, nor when only half a first line was written', () => {
    expect(replayed(home)).toBeUndefined();
    appendFileSync(join(home, 'replay.jsonl'), 'year');
    expect(replayed(home)).toBeUndefined();
    openJournal(home, 'year-2').close();
    expect(replayed(home)).toEqual({ digest: 'year-2', steps: 0 });
  });
});
