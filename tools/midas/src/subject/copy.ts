import { z } from 'zod';

const field = z.object({
  name: z.string(),
  value: z.string().default(''),
  redacted: z.boolean().default(false),
});
const record = z.object({
  kind: z.string(),
  record_id: z.string(),
  recorded_at: z.string().default(''),
  fields: z.array(field).default([]),
});

/** The copy for a data subject, as the gateway answers it. */
export const copyShape = z.object({
  subject_request_id: z.string(),
  made_at: z.string(),
  statements: z.array(z.string()).default([]),
  records: z.array(record).default([]),
});
export type Copy = z.infer<typeof copyShape>;

/** The copy as a page that anybody can read, without scripts and without anything from elsewhere. */
export function copyHtml({ made_at, statements, records }: Copy): string {
  const sections = records.map(
    ({ kind, recorded_at, fields }) => `<section>
<h2>${text(words(kind))}</h2>
<p>Recorded ${text(day(recorded_at))}</p>
<table>
<thead><tr><th scope="col">What</th><th scope="col">Data</th></tr></thead>
<tbody>
${fields.map(rowHtml).join('\n')}
</tbody>
</table>
</section>`,
  );
  return `<!doctype html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Copy of personal data</title>
<style>
body { font-family: sans-serif; line-height: 1.5; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #777; padding: 0.3rem 0.6rem; text-align: left; vertical-align: top; }
</style>
</head>
<body>
<h1>Copy of personal data</h1>
<p>Made ${text(day(made_at))}</p>
${statements.map((statement) => `<p>${text(statement)}</p>`).join('\n')}
${sections.length === 0 ? '<p>There is nothing to hand out.</p>' : sections.join('\n')}
</body>
</html>
`;
}

const rowHtml = ({ name, value, redacted }: z.infer<typeof field>): string =>
  `<tr><th scope="row">${text(words(name))}</th><td>${redacted ? '<em>redacted: about another person</em>' : text(value)}</td></tr>`;

/** `person.family_name` as a person says it. */
const words = (name: string): string => {
  const said = name
    .replaceAll('.', ': ')
    .replaceAll(/[_-]/g, ' ')
    .replaceAll(/\[(\d+)\]/g, (_, n) => ` ${Number(n) + 1}`);
  return said.charAt(0).toUpperCase() + said.slice(1);
};

const day = (instant: string): string => instant.slice(0, 10);

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const text = (plain: string): string => plain.replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? sign);
