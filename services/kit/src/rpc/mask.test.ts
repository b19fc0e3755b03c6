import { Incident, IncidentKind } from '@midas/proto/referral/v1/referral';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALL_CLASSES, markedFields, type Privacy } from '../contract/privacy.ts';
import { messageOf } from '../contract/registry.ts';
import { mask, maskedNames } from './mask.ts';

const nothingShown = () => false;
const classes = fc.subarray([...ALL_CLASSES]).map((chosen) => new Set(chosen));

const full = Incident.fromPartial({
  incidentId: 'id-1',
  kind: IncidentKind.CRIME,
  occurredAt: new Date('2017-01-02T03:04:05Z'),
  victim: {
    familyName: 'secret-PERSONAL',
    address: { lines: ['secret-LOCATION'], postcode: 'secret-LOCATION' },
    safeContact: { note: 'secret-FREE_TEXT' },
  },
  perpetrators: [{ familyName: 'secret-PERSONAL' }, { address: { postcode: 'secret-LOCATION' } }],
  riskAnswers: { instrument: 'secret-SPECIAL_CATEGORY', judgement: { reason: 'secret-FREE_TEXT' } },
  description: 'secret-FREE_TEXT',
});

const masked = (of: ReadonlySet<Privacy>) => mask(Incident.$type, full, of, nothingShown) as Incident;

describe('a masked message', () => {
  it('holds nothing of a class that may not be seen', () => {
    fc.assert(
      fc.property(classes, (seen) => {
        const text = JSON.stringify(masked(seen));
        for (const one of ALL_CLASSES) if (!seen.has(one)) expect(text).not.toContain(`secret-${one}`);
      }),
    );
  });

  it('is the message itself, as data, for who may see everything', () => {
    expect(masked(new Set(ALL_CLASSES))).toEqual(full);
  });

  it('loses nothing of what may be seen', () => {
    const seen = masked(new Set<Privacy>(['NONE', 'PERSONAL']));
    expect(seen).toMatchObject({ incidentId: 'id-1', kind: IncidentKind.CRIME, occurredAt: full.occurredAt });
    expect(seen.victim).toMatchObject({ familyName: 'secret-PERSONAL', address: undefined });
    expect(seen.perpetrators).toHaveLength(2);
    expect(seen.riskAnswers).toBeUndefined();
  });

  it('names what is left out, whether or not it holds anything', () => {
    fc.assert(
      fc.property(classes, (seen) => {
        const empty = mask(Incident.$type, Incident.fromPartial({}), seen, nothingShown) as Incident;
        expect(empty.maskedFields).toEqual(masked(seen).maskedFields);
      }),
    );
  });

  it('names each marked field of an unseen class, or what covers it', () => {
    fc.assert(
      fc.property(classes, (seen) => {
        const names = maskedNames(messageOf(Incident.$type), seen);
        for (const { path, privacy } of markedFields(Incident.$type)) {
          const isCovered = names.some((name) => path === name || path.startsWith(`${name}.`));
          if (!seen.has(privacy)) expect(isCovered, path).toBe(true);
          else if (isCovered) expect(names).not.toContain(path);
        }
      }),
    );
  });

  it('can be encoded and decoded to the same', () => {
    fc.assert(
      fc.property(classes, (seen) => {
        const one = masked(seen);
        expect(Incident.decode(Incident.encode(one).finish())).toEqual(one);
      }),
    );
  });

  it('does not touch the message it was made of', () => {
    const before = structuredClone(full);
    masked(new Set());
    expect(full).toEqual(before);
  });
});
