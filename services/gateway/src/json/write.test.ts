import { fromJson, type JsonObject, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { probeRegistry } from '../testing/probe.ts';
import { writeAnswer } from './write.ts';

const probe = probeRegistry().getMessage('midas.probe.v1.Probe');
if (probe === undefined) throw new Error('no probe');
const written = (json: JsonObject) => writeAnswer(probe, toBinary(probe, fromJson(probe, json)));

const empty = { count: 0, small: 0, big: '0', ratio: 0, yes: false, inners: [], tags: [], masked_fields: [] };

describe('an answer', () => {
  it('always holds numbers, truth values and lists; other fields only with a value', () => {
    expect(written({})).toEqual(empty);
    expect(written({ text: 'x', colour: 'COLOUR_RED', inner: {} })).toEqual({
      ...empty,
      text: 'x',
      colour: 'COLOUR_RED',
      inner: { on: false, lines: [] },
    });
  });

  it('uses the names of the proto file', () => {
    expect(written({ probe_id: 'p1' })).toMatchObject({ probe_id: 'p1' });
  });

  it('leaves masked fields absent, nested ones too', () => {
    const { count, inners, ...rest } = empty;
    const masked = ['count', 'inners', 'inner.on'];
    expect(written({ inner: { name: 'x' }, masked_fields: masked })).toEqual({
      ...rest,
      inner: { name: 'x', lines: [] },
      masked_fields: masked,
    });
    expect([count, inners]).toEqual([0, []]);
  });

  it('leaves fields masked within list elements absent', () => {
    const masked = ['inners.on'];
    expect(written({ inners: [{ name: 'a' }, { name: 'b' }], masked_fields: masked })).toMatchObject({
      inners: [
        { name: 'a', lines: [] },
        { name: 'b', lines: [] },
      ],
    });
    expect(JSON.stringify(written({ inners: [{ name: 'a' }], masked_fields: masked }))).not.toContain('"on"');
  });
});
