/** Licences under which a dependency may be used and passed on with an Apache-2.0 product, by SPDX name. */
const ALLOWED = new Set([
  'MIT',
  'MIT-0',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'Unlicense',
  'CC0-1.0',
  'CC-BY-3.0',
  'CC-BY-4.0',
  'Python-2.0',
  'PostgreSQL',
  'Zlib',
]);

/** Packages that are under another licence, or name none, and why they are accepted: none is changed by us. */
const ACCEPTED: Readonly<Record<string, string>> = {
  'seq-queue': 'names no licence in package.json; its LICENSE file is MIT',
  elkjs: 'EPL-2.0; comes with the prisma tool, is in nothing that runs',
  lightningcss: 'MPL-2.0; comes with the test runner, is in nothing that runs',
  '@azu/style-format': 'WTFPL; comes with the secret scan, is in nothing that runs',
  binaryextensions: 'Artistic-2.0; comes with the secret scan, is in nothing that runs',
  editions: 'Artistic-2.0; comes with the secret scan, is in nothing that runs',
  istextorbinary: 'Artistic-2.0; comes with the secret scan, is in nothing that runs',
  textextensions: 'Artistic-2.0; comes with the secret scan, is in nothing that runs',
  'version-range': 'Artistic-2.0; comes with the secret scan, is in nothing that runs',
};

/** Whether an SPDX expression grants an allowed licence: of `OR` one must be, of `AND` all. */
export const isAllowedLicence = (expression: string): boolean => {
  const plain = expression.trim().replace(/^\(([^()]*)\)$/, '$1');
  const either = plain.split(/\s+or\s+/i);
  if (either.length > 1) return either.some(isAllowedLicence);
  return plain.split(/\s+and\s+/i).every((name) => ALLOWED.has(name.trim()));
};

/** The entry of ACCEPTED that stands for a package; those for one processor share the name of the whole. */
export const acceptedAs = (name: string): string | undefined =>
  Object.keys(ACCEPTED).find((entry) => name === entry || name.startsWith(`${entry}-`));
