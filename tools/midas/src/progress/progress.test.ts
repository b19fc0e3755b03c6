import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { estimate, formatSeconds } from './estimate.ts';
import { asTask } from './index.ts';
import { linesProgress } from './lines.ts';

describe('an estimate', () => {
  it('goes by what was done in this run, not by what an earlier one did', () => {
    expect(estimate({ total: 100, done: 50 }, 10, 20)).toEqual({ fraction: 0.6, secondsLeft: 80 });
  });

  it('says nothing of the time left before it can know', () => {
    expect(estimate({ total: 100 }, 0, 30)).toEqual({ fraction: 0 });
    expect(estimate({ total: 0 }, 0, 30)).toEqual({ fraction: 0 });
  });

  it('never calls work done that only took as long as expected', () => {
    expect(estimate({ expectedSeconds: 10 }, 0, 60)).toEqual({ fraction: 0.99, secondsLeft: 1 });
  });

  it.each([
    [4.4, '4 s'],
    [75, '1 min 15 s'],
    [3720, '1 h 2 min'],
  ])('%d seconds read %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });
});

describe('progress without a terminal', () => {
  it('is one line for each task that ends, with how it ended', async () => {
    const stream = new PassThrough();
    const progress = linesProgress(stream);
    await asTask(progress, 'First', async () => 'answer');
    await expect(asTask(progress, 'Second', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    progress.close();
    const lines = String(stream.read()).trimEnd().split('\n');
    expect(lines).toEqual([expect.stringMatching(/✓ {2}First/), expect.stringMatching(/✗ {2}Second/)]);
  });
});
