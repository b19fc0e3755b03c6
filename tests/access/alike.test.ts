import { expect, test } from 'vitest';
import { normaliser } from './alike.ts';

const now = () => Date.parse('2026-11-22T10:00:00Z');

test('ids are numbered by first appearance, over all texts of a run', () => {
  const [one, other] = [crypto.randomUUID(), crypto.randomUUID()];
  const told = normaliser({}, now);
  expect(told(`{"a":"${one}","b":"${other}","c":"${one}"}`)).toBe('{"a":"<id 1>","b":"<id 2>","c":"<id 1>"}');
  expect(told(`trace ${'ab'.repeat(16)} of ${other}`)).toBe('trace <id 3> of <id 2>');
});

test('what was sent is called by its name, wherever it stands', () => {
  const told = normaliser({ name: 'Ada', whole: 'Ada Lovelace' }, now);
  expect(told('of Ada Lovelace, called Ada')).toBe('of <whole>, called <name>');
});

test('present times are alike; any other time, number and word tells', () => {
  const told = normaliser({}, now);
  expect(told('at 2026-11-22T09:59:58.123Z and 2026-11-22T09:59:58+00:00')).toBe('at <now> and <now>');
  expect(told('due 2026-12-22T10:00:00Z, 3 of 4')).toBe('due 2026-12-22T10:00:00Z, 3 of 4');
});

test('sealed bytes are told by their number', () => {
  const told = normaliser({}, now);
  expect(told(String.raw`{"sealed":"\\x00ff10"}`)).toBe('{"sealed":"<3 bytes>"}');
  expect(told(String.raw`{"sealed":"\\x00ff"}`)).not.toBe(told(String.raw`{"sealed":"\\x00ff10"}`));
});
