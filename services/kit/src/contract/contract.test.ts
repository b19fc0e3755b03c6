import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { ReportIncidentRequest } from '@midas/proto/referral/v1/referral';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allEvents, eventOf } from './events.ts';
import { methodsOf, serviceNames } from './methods.ts';
import { ALL_CLASSES, markedFields, markedNames, privacyOf } from './privacy.ts';
import { messageOf } from './registry.ts';
import { validate } from './validate.ts';

const methods = serviceNames().flatMap((name) => methodsOf(name));

describe('methods', () => {
  it('read every RPC with its access', () => {
    expect(methods.length).toBeGreaterThan(30);
    for (const { path, access, http } of methods) {
      expect(path).toMatch(/^\/midas\.[a-z_.]+\.v1\.\w+\/\w+$/);
      if (access.kind === 'internal') expect(http).toBeUndefined();
      else expect(http?.path).toMatch(/^\/v1\//);
    }
  });

  it('know what changes, and what changes one known record', () => {
    const byName = new Map(methods.map((method) => [method.name, method]));
    expect(byName.get('GetReferral')).toMatchObject({ changing: false, updating: false });
    expect(byName.get('SubmitReferral')).toMatchObject({ changing: true, updating: false });
    // A new record below a known one is no update of it.
    expect(byName.get('LogContact')).toMatchObject({ changing: true, updating: false });
    expect(byName.get('AcceptReferral')).toMatchObject({
      changing: true,
      updating: true,
      http: { verb: 'POST', params: ['referral_id'], body: '*' },
    });
    // A search by particulars is a POST, so that none stand in a URL; it changes nothing.
    expect(byName.get('SearchParticipants')).toMatchObject({
      changing: false,
      updating: false,
      http: { verb: 'POST' },
    });
    expect(byName.get('GetAcceptedReferral')).toMatchObject({
      access: { kind: 'internal', callers: ['case'] },
      changing: false,
    });
  });

  it('refuse a service that the contract does not hold', () => {
    expect(() => methodsOf('midas.none.v1.NoService')).toThrow('midas.none.v1.NoService');
  });

  it('refuse an RPC that does not say who may call it, by its name', async () => {
    const descriptors = fileURLToPath(import.meta.resolve('@midas/proto/descriptors.binpb'));
    const set = fromBinary(FileDescriptorSetSchema, readFileSync(descriptors));
    const [method] = set.file
      .flatMap((file) => file.service)
      .flatMap((service) => service.method)
      .filter(({ name }) => name === 'GetReferral');
    const options = method?.options ?? expect.fail('no options');
    options.$unknown = (options.$unknown ?? []).filter(({ no }) => no !== 51001);
    const changed = join(mkdtempSync(join(tmpdir(), 'midas-contract-')), 'descriptors.binpb');
    writeFileSync(changed, toBinary(FileDescriptorSetSchema, set));
    const { href } = new URL('./methods.ts', import.meta.url);
    const script = `(await import('${href}')).methodsOf('midas.referral.v1.ReferralService')`;
    const started = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
      env: { ...process.env, MIDAS_DESCRIPTORS: changed },
    });
    await expect(started).rejects.toThrow(
      'The RPC /midas.referral.v1.ReferralService/GetReferral has no access option.',
    );
  });
});

describe('privacy', () => {
  it('is read from the fields, NONE where nothing is said', () => {
    const fields = messageOf('midas.common.v1.Particulars').fields;
    const classOf = (name: string) => fields.filter((field) => field.name === name).map(privacyOf);
    expect(classOf('family_name')).toEqual(['PERSONAL']);
    expect(classOf('address')).toEqual(['LOCATION']);
    const [id] = messageOf('midas.referral.v1.Referral').fields;
    expect(id && privacyOf(id)).toBe('NONE');
    expect(ALL_CLASSES).toHaveLength(5);
  });

  it('finds marked fields at any depth, by their path in JSON', () => {
    const paths = markedFields('midas.referral.v1.Referral').map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['person', 'person.address.postcode', 'reason']));
    expect(paths).not.toContain('referral_id');
  });

  it('names what no log may hold, as in JSON and as in code', () => {
    for (const name of ['nhs_number', 'nhsNumber', 'family_name', 'familyName'])
      expect(markedNames()).toContain(name);
    expect(markedNames()).not.toContain('referral_id');
  });
});

describe('events', () => {
  it('carry no marked field and name the version of their subject', () => {
    expect(allEvents().length).toBeGreaterThan(10);
    for (const { subject, version, desc } of allEvents()) {
      expect(subject).toMatch(/^midas\.[a-z-]+\.[a-z-]+\.[a-z-]+\.v[0-9]+$/);
      expect(subject.endsWith(`.v${version}`)).toBe(true);
      expect(markedFields(desc.typeName)).toEqual([]);
    }
  });

  it('are not what other messages are', () => {
    expect(() => eventOf('midas.referral.v1.Referral')).toThrow('no event');
  });
});

describe('validation', () => {
  const desc = messageOf('midas.referral.v1.ReportIncidentRequest');
  const fieldsOf = (bytes: Uint8Array) => validate(desc, bytes).map(({ field, rule }) => `${field} ${rule}`);

  it('names fields by their path in JSON and rules by their id', () => {
    const message = ReportIncidentRequest.fromPartial({
      victim: { nhsNumber: '123', address: { postcode: 'x' } },
      perpetrators: [{ familyName: 'A' }, {}],
    });
    expect(fieldsOf(ReportIncidentRequest.encode(message).finish())).toEqual(
      expect.arrayContaining([
        'source_system required',
        'victim.family_name required',
        'victim.nhs_number nhs_number',
        'victim.address.postcode uk_postcode',
        'perpetrators[1].family_name required',
      ]),
    );
  });

  it('refuses fields and enum values of a newer contract, at any depth', () => {
    // Field 127; kind = 99; victim with a field 100.
    expect(fieldsOf(Uint8Array.of(0xf8, 0x07, 1))).toEqual(['#127 unknown_field']);
    expect(fieldsOf(Uint8Array.of(0x28, 99))).toEqual(['kind enum.defined_only']);
    expect(fieldsOf(Uint8Array.of(0x32, 3, 0xa0, 0x06, 1))).toEqual(['victim.#100 unknown_field']);
  });

  it('answers any bytes with violations, never with an error', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => validate(desc, bytes).length > 0));
  });
});
