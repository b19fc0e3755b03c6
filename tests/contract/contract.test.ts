import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allEvents, markedFields, methodsOf, privacyOf, registry, serviceNames } from '@midas/kit';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const protoPackages = ['referral', 'risk', 'case', 'health_access', 'perpetrator_programme', 'outcomes'];
const folderOf = (protoPackage: string): string => protoPackage.replaceAll('_', '-');

/** Names of marked fields of one service's messages, in snake_case. */
function markedNamesOf(protoPackage: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const type of registry) {
    if (type.kind !== 'message' || !type.typeName.startsWith(`midas.${protoPackage}.`)) continue;
    for (const { field } of markedFields(type.typeName)) names.add(field.name);
  }
  return names;
}

interface Column {
  readonly model: string;
  readonly name: string;
  readonly type: string;
}

/** Scalar columns of a schema, by the name they have in the database. */
function columnsOf(schema: string): readonly Column[] {
  const columns: Column[] = [];
  const models = new Set([...schema.matchAll(/^model (\w+)/gm)].map(([, model]) => model));
  for (const [, model, body] of schema.matchAll(/^model (\w+) \{\n([\s\S]*?)^\}/gm)) {
    for (const line of (body ?? '').split('\n')) {
      const field = /^\s+(\w+)\s+(\w+)/.exec(line);
      if (field === null || model === undefined) continue;
      const [, name = '', type = ''] = field;
      if (models.has(type)) continue; // a relation, no column
      columns.push({ model, name: /@map\("([^"]+)"\)/.exec(line)?.[1] ?? name, type });
    }
  }
  return columns;
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

describe('the contract', () => {
  test('holds the services of the design', () => {
    const packages = new Set(serviceNames().map((name) => name.split('.')[1]));
    for (const name of protoPackages) expect(packages).toContain(name);
  });

  test('every RPC says who may call it, and an RPC without a path answers services only', () => {
    for (const service of serviceNames().filter((name) => name.startsWith('midas.'))) {
      for (const method of methodsOf(service)) {
        expect(
          method.access.kind === 'internal',
          `${method.path} is internal exactly when it has no path`,
        ).toBe(method.http === undefined);
      }
    }
  });

  test('no event carries a marked field', () => {
    expect(allEvents().length).toBeGreaterThan(10);
    for (const { desc, subject } of allEvents()) expect(markedFields(desc.typeName), subject).toEqual([]);
  });

  test('an event is published on the subject that its package and version say', () => {
    const subjects = allEvents().map(({ subject }) => subject);
    expect(new Set(subjects).size).toBe(subjects.length);
    for (const { desc, subject, version } of allEvents()) {
      const owner = folderOf(desc.typeName.split('.')[1] ?? '');
      expect(subject).toMatch(new RegExp(`^midas\\.${owner}\\.[a-z]+\\.[a-z]+\\.v${version}$`));
    }
  });

  test('an event is heard by services of the design, and by none across the wall but case and outcomes', () => {
    const hearers = protoPackages.map(folderOf);
    for (const { subject, heardBy } of allEvents()) {
      for (const name of heardBy) expect(hearers, subject).toContain(name);
      expect(new Set(heardBy).size, subject).toBe(heardBy.length);
      expect(heardBy, subject).not.toContain('perpetrator-programme');
      if (subject.startsWith('midas.perpetrator-programme.'))
        for (const name of heardBy) expect(['case', 'outcomes'], subject).toContain(name);
    }
  });

  test('a record that holds marked fields can say which of them it hides', () => {
    for (const service of serviceNames().filter((name) => name.startsWith('midas.'))) {
      for (const { output, access } of methodsOf(service)) {
        if (access.kind === 'internal') continue;
        const records = [output, ...output.fields.flatMap((field) => field.message ?? [])];
        for (const record of records) {
          if (!record.typeName.startsWith(output.typeName.split('.').slice(0, 3).join('.'))) continue;
          if (!record.fields.some((field) => privacyOf(field) !== 'NONE')) continue;
          if (record.fields.some((field) => field.name === 'masked_fields')) continue;
          const shownWithin = output.fields.some((field) => field.name === 'masked_fields');
          expect(shownWithin, `${record.typeName} has marked fields and no masked_fields`).toBe(true);
        }
      }
    }
  });
});

describe.each(protoPackages)('the database of %s', (protoPackage) => {
  const schema = readFileSync(
    join(root, 'services', folderOf(protoPackage), 'prisma', 'schema.prisma'),
    'utf8',
  );

  test('keeps every marked field in a sealed column', () => {
    const marked = markedNamesOf(protoPackage);
    const open = columnsOf(schema).filter(({ name, type }) => marked.has(snake(name)) && type !== 'Bytes');
    expect(open).toEqual([]);
    expect(columnsOf(schema).length).toBeGreaterThan(3);
  });

  test('has migrations', () => {
    const folder = join(root, 'services', folderOf(protoPackage), 'prisma', 'migrations');
    expect(readdirSync(folder).some((name) => /^\d{14}_/.test(name))).toBe(true);
  });
});
