import { type DescMessage, fromBinary, type JsonObject, toBinary, toJson } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Endpoint, readEndpoints } from '../contract/endpoint.ts';
import { probeRegistry } from '../testing/probe.ts';
import { type Incoming, readRequest } from './read.ts';

const endpoints = readEndpoints(probeRegistry());
const endpoint = (verb: string, template: string): Endpoint => {
  const found = endpoints.find((one) => one.verb === verb && one.path.template === template);
  if (found === undefined) throw new Error(`no ${verb} ${template}`);
  return found;
};
const make = endpoint('POST', '/v1/probes');
const find = endpoint('GET', '/v1/probes');
const change = endpoint('PATCH', '/v1/probes/{probe_id}');
const start = endpoint('POST', '/v1/probes/{probe_id}:start');

const read = (target: Endpoint, incoming: Partial<Incoming>) =>
  readRequest(target, { variables: [], query: {}, body: undefined, ...incoming });
const violations = (target: Endpoint, incoming: Partial<Incoming>) => {
  const reading = read(target, incoming);
  return reading.kind === 'refused' ? reading.violations : [];
};
const json = (target: Endpoint, incoming: Partial<Incoming>): unknown => {
  const reading = read(target, incoming);
  return reading.kind === 'message'
    ? toJson(target.input, reading.message, { useProtoFieldName: true })
    : reading;
};

// Values that a field of the probe accepts, as a caller writes them.
const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0'));
const inner = fc.record({ name: text, on: fc.boolean(), lines: fc.array(text) }, { requiredKeys: [] });
const instant = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
const valid: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  text,
  count: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  small: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  big: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  ratio: fc.double({ noNaN: true, noDefaultInfinity: true }),
  yes: fc.boolean(),
  colour: fc.constantFrom('COLOUR_UNSPECIFIED', 'COLOUR_RED'),
  at: instant.map((date) => date.toISOString()),
  inner,
  inners: fc.array(inner),
  tags: fc.array(text),
  data: fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64')),
};
const fields = Object.keys(valid);

// For each field values of every other JSON type, and the near misses that lenient readers take.
const wrong: Readonly<Record<string, readonly unknown[]>> = {
  text: [1, true, [], {}, null, '\ud800', 'a\0b'],
  count: ['12', 1.5, true, 2 ** 31, -(2 ** 31) - 1, [], null, ''],
  small: ['1', -1, 2 ** 32, 0.1],
  big: [12, '1.5', '', '0x10', ' 1', '01', '9223372036854775808'],
  ratio: ['1.5', true, 'NaN', null],
  yes: ['true', 1, 0, 'false', null],
  colour: ['red', 'COLOUR_BLUE', 1, '1', 'colour_red', null],
  at: [
    1,
    '2018-02-30T00:00:00Z',
    '2017-02-29T00:00:00Z',
    '2018-01-01',
    '2018-01-01T25:00:00Z',
    '2018-01-01 00:00:00Z',
    '0000-01-01T00:00:00Z',
    {},
  ],
  inner: ['x', [], 1, null],
  inners: [{}, 'x', [[]], [null], [1]],
  tags: ['x', [1], [null], {}],
  data: ['%%%', 'abc', 1, 'ab=c'],
};

describe('a request body', () => {
  it('that fits the message arrives unchanged', () => {
    fc.assert(
      fc.property(fc.record(valid, { requiredKeys: [] }), (body) => {
        const reading = read(make, { body });
        expect(reading.kind).toBe('message');
        if (reading.kind !== 'message') return;
        // Through bytes and back, as it travels.
        const arrived = toJson(make.input, fromBinary(make.input, toBinary(make.input, reading.message)), {
          useProtoFieldName: true,
          alwaysEmitImplicit: true,
        });
        for (const [name, value] of Object.entries(body))
          expectSame(make.input, name, Object(arrived)[name], value);
      }),
    );
  });

  it.each(fields)('is refused for a wrong value, naming the field: %s', (name) => {
    for (const value of wrong[name] ?? []) {
      const found = violations(make, { body: { [name]: value } });
      expect(found.length, `${name} = ${JSON.stringify(value)}`).toBeGreaterThan(0);
      expect(found[0]?.field).toMatch(new RegExp(`^${name}(\\[0\\])?$`));
    }
  });

  it('is refused for an unknown field anywhere, naming its path', () => {
    const names = fc.stringMatching(/^[a-z][a-zA-Z_]{0,20}$/);
    const known = new Set(make.input.fields.map((field) => field.name));
    fc.assert(
      fc.property(
        names.filter((name) => !known.has(name)),
        (name) => {
          expect(violations(make, { body: { [name]: 1 } })).toMatchObject([
            { field: name, rule: 'unknown_field' },
          ]);
        },
      ),
    );
    expect(violations(make, { body: { inners: [{}, { extra: 1 }] } })).toMatchObject([
      { field: 'inners[1].extra' },
    ]);
    // Lower camel case is the other spelling that protobuf's JSON would take.
    expect(violations(make, { body: { probeId: 'x' } })).toMatchObject([
      { field: 'probeId', rule: 'unknown_field' },
    ]);
  });

  it('cannot reach the prototype', () => {
    const body: unknown = JSON.parse(
      '{"__proto__": {"text": "x"}, "constructor": 1, "inner": {"__proto__": 1}}',
    );
    expect(violations(make, { body }).map(({ field }) => field)).toEqual([
      '__proto__',
      'constructor',
      'inner.__proto__',
    ]);
  });

  it('that is no object is refused', () => {
    for (const body of [[], 'x', 1, true]) expect(violations(make, { body })).toHaveLength(1);
    expect(violations(make, { body: null })).toHaveLength(1);
  });

  it('names every field that is wrong, up to twenty, without repeating values', () => {
    const body = { text: 1, count: 'secret', tags: Array.from({ length: 50 }, () => 1) };
    const found = violations(make, { body });
    expect(found).toHaveLength(20);
    expect(found.slice(0, 2).map(({ field }) => field)).toEqual(['text', 'count']);
    expect(JSON.stringify(found)).not.toContain('secret');
  });
});

describe('a path variable', () => {
  it('fills its field and may be repeated alike in the body', () => {
    expect(json(start, { variables: ['p1'], body: {} })).toEqual({ probe_id: 'p1' });
    expect(json(start, { variables: ['p1'] })).toEqual({ probe_id: 'p1' });
    expect(json(start, { variables: ['p1'], body: { probe_id: 'p1' } })).toEqual({ probe_id: 'p1' });
  });

  it('is refused when the body says something else', () => {
    expect(violations(start, { variables: ['p1'], body: { probe_id: 'p2' } })).toMatchObject([
      { field: 'probe_id', rule: 'path' },
    ]);
  });
});

describe('query parameters', () => {
  it('are read by the type of their field', () => {
    const query = {
      text: '12',
      count: '12',
      ratio: '-1.5',
      yes: 'true',
      colour: 'COLOUR_RED',
      tags: ['a', 'b'],
      'inner.on': 'true',
    };
    expect(json(find, { query })).toEqual({
      text: '12',
      count: 12,
      ratio: -1.5,
      yes: true,
      colour: 'COLOUR_RED',
      tags: ['a', 'b'],
      inner: { on: true },
    });
    expect(json(find, { query: { tags: 'a', at: '2018-01-31T10:00:00Z' } })).toEqual({
      tags: ['a'],
      at: '2018-01-31T10:00:00Z',
    });
  });

  it.each([
    ['count', '1a'],
    ['count', ''],
    ['count', ' 1'],
    ['count', '1.5'],
    ['count', '99999999999'],
    ['yes', '1'],
    ['yes', 'TRUE'],
    ['colour', 'red'],
    ['at', 'yesterday'],
    ['count', ['1', '2']],
    ['nonsense', '1'],
    ['__proto__.x', '1'],
    ['inner', '{}'],
    ['inner.nonsense', '1'],
  ])('are refused when %s = %j', (name, value) => {
    const found = violations(find, { query: { [name]: value } });
    expect(found).toHaveLength(1);
    expect(found[0]?.field).toBe(name);
  });

  it('have no place beside a body, nor may they repeat the path', () => {
    expect(violations(make, { query: { text: 'x' }, body: {} })).toMatchObject([{ rule: 'unknown_field' }]);
    expect(violations(start, { variables: ['p1'], query: { probe_id: 'p1' } })).toMatchObject([
      { rule: 'unknown_field' },
    ]);
  });
});

describe('a PATCH', () => {
  it('makes the field mask of the keys that are present', () => {
    const body = { text: 'new', inner: { name: null, lines: ['a'] } };
    expect(json(change, { variables: ['p1'], body })).toEqual({
      probe_id: 'p1',
      text: 'new',
      inner: { lines: ['a'] },
      update_mask: 'text,inner.name,inner.lines',
    });
  });

  it('clears with null, and refuses a mask of the caller', () => {
    expect(json(change, { variables: ['p1'], body: { text: null } })).toEqual({
      probe_id: 'p1',
      update_mask: 'text',
    });
    expect(violations(change, { variables: ['p1'], body: { update_mask: 'text' } })).toMatchObject([
      { field: 'update_mask', rule: 'unknown_field' },
    ]);
  });
});

function expectSame(desc: DescMessage, name: string, arrived: unknown, sent: unknown): void {
  if (name === 'at') expect(Date.parse(String(arrived))).toBe(Date.parse(String(sent)));
  else if (name === 'inner') expect(withoutEmpty(arrived)).toEqual(withoutEmpty(sent));
  else if (name === 'inners')
    expect(Object(arrived).map(withoutEmpty)).toEqual(Object(sent).map(withoutEmpty));
  else expect(arrived, `${desc.typeName}.${name}`).toEqual(sent);
}

function withoutEmpty(value: unknown): JsonObject {
  const kept = Object.entries(Object(value)).filter(
    ([, one]) => one !== '' && one !== false && !(Array.isArray(one) && one.length === 0),
  );
  return Object.fromEntries(kept) as JsonObject;
}
