import { describe, expect, it } from 'vitest';
import { copyHtml, copyShape } from './copy.ts';

const copy = copyShape.parse({
  subject_request_id: 'r-1',
  made_at: '2026-02-03T04:05:06Z',
  statements: ['This is a copy.'],
  records: [
    {
      kind: 'marac-referral',
      record_id: 'm-1',
      recorded_at: '2026-01-02T03:04:05Z',
      fields: [
        { name: 'victim.family_name', value: 'O’Imagined & <script>alert(1)</script>' },
        { name: 'perpetrators[0]', redacted: true },
      ],
    },
  ],
});

describe('the page of a copy', () => {
  it('says in words what is held, and that others are redacted', () => {
    const page = copyHtml(copy);
    expect(page).toContain('<h2>Marac referral</h2>');
    expect(page).toContain('<th scope="row">Victim: family name</th>');
    expect(page).toContain('<th scope="row">Perpetrators 1</th><td><em>redacted: about another person</em>');
    expect(page).toContain('Made 2026-02-03');
  });

  it('runs nothing that somebody typed', () => {
    const page = copyHtml(copy);
    expect(page).toContain('O’Imagined &amp; &lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).not.toContain('<script');
  });

  it('says so when there is nothing to hand out', () => {
    expect(copyHtml({ ...copy, records: [] })).toContain('There is nothing to hand out.');
  });
});
