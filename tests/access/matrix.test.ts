import { accessMatrix, fieldsOf, type MatrixRow, rpcOf } from '@midas/cli/access';
import { contractRoles, type MethodContract, methodsOf, serviceNames } from '@midas/kit';
import { describe, expect, it } from 'vitest';
import { expected, expectedOf } from './expected.ts';

const methods = new Map<string, MethodContract>(
  serviceNames()
    .filter((name) => name.startsWith('midas.'))
    .flatMap((name) => methodsOf(name))
    .map((method) => [rpcOf(method), method]),
);
const rows = accessMatrix();

describe('the lines of expected.csv', () => {
  it('are there for every RPC, and each denies what it does not name', () => {
    const withDenial = new Set(
      expected.filter(({ role, decision }) => role === '*' && decision === 'deny').map(({ rpc }) => rpc),
    );
    for (const rpc of methods.keys()) expect(withDenial, rpc).toContain(rpc);
  });

  it('name what is in the contract, and where access.md says so', () => {
    const roles = new Set(['*', ...contractRoles().keys(), ...rows.map(({ role }) => role)]);
    for (const { rpc, role, decision, accessRow } of expected) {
      expect(rpc === '*' || methods.has(rpc), rpc).toBe(true);
      expect(roles).toContain(role);
      expect(['allow', 'deny']).toContain(decision);
      expect(accessRow, `${rpc} ${role}`).not.toBe('');
    }
  });

  it('are each of a relationship that the rules know', () => {
    const unmet = expected.filter(
      (line) =>
        line.rpc !== '*' &&
        line.role !== '*' &&
        line.relationship !== '*' &&
        !rows.some(
          ({ rpc, role, relationship }) =>
            rpc === line.rpc && role === line.role && relationship === line.relationship,
        ),
    );
    expect(unmet).toEqual([]);
  });
});

const name = ({ rpc, role, relationship }: MatrixRow): string => `${rpc} ${role} ${relationship}`;

it('the rules that run say what expected.csv says, row by row', () => {
  expect(rows.length).toBeGreaterThan(1_000);
  const differences = rows.flatMap((row) => {
    const line = expectedOf(row);
    const method = methods.get(row.rpc);
    if (line === undefined || method === undefined) return [`${name(row)}: no line`];
    const wanted = line.decision === 'allow' ? `allow ${fieldsOf(method, line.masked).join(' ')}` : 'deny ';
    const found = `${row.decision} ${row.masked.join(' ')}`;
    return wanted === found ? [] : [`${name(row)}: expected ${wanted}, the rules say ${found}`];
  });
  expect(differences).toEqual([]);
});
