import { describe, expect, test } from 'vitest';
import { requireSameContent } from './source.ts';

describe('the same reference sent again', () => {
  const first = { sent: { victim: { familyName: 'Aldous' }, occurredAt: new Date('2017-05-01T10:00:00Z') } };

  test('with the same content is the record that is already here', () => {
    expect(() => requireSameContent(first, structuredClone(first))).not.toThrow();
  });

  test.each([
    { victim: { familyName: 'Aldus' }, occurredAt: new Date('2017-05-01T10:00:00Z') },
    { victim: { familyName: 'Aldous' }, occurredAt: new Date('2017-05-01T10:00:01Z') },
  ])('with other content is refused', (sent) => {
    expect(() => requireSameContent(first, { sent })).toThrow(
      expect.objectContaining({ kind: 'conflict', slug: 'source-reference-reused' }),
    );
  });
});
