import { methodsOf, serviceNames } from '@midas/kit';
import { expect, test } from 'vitest';
import { filled } from './filled.ts';

const methods = serviceNames()
  .filter((name) => name.startsWith('midas.'))
  .flatMap(methodsOf);

test.each(methods.map((method) => [method.name, method] as const))(
  'a request to %s can be filled by its rules',
  (_, { input }) => {
    expect(filled(input)).toBeTypeOf('object');
  },
);
