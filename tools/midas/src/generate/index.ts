import { asTask, type Progress } from '../progress/index.ts';
import { listSchemas } from '../services.ts';
import { generatePrisma } from './prisma.ts';
import { generateProto } from './proto.ts';

export type Generated = { readonly what: string; readonly result: 'made' | 'unchanged' };

// Each takes a core for a second; more at once only takes memory.
const AT_ONCE = 2;

const inBatches = async <T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> => {
  const results: R[] = [];
  for (let index = 0; index < items.length; index += AT_ONCE)
    results.push(...(await Promise.all(items.slice(index, index + AT_ONCE).map(work))));
  return results;
};

/**
 * Generates everything that is generated: TypeScript and descriptors of the contract, and a Prisma client a service.
 * What has not changed since the last time is left alone, so it may be run at every start.
 */
export const generateAll = async (progress: Progress): Promise<readonly Generated[]> => {
  const contract = await asTask(progress, 'Contract', () => generateProto(), { expectedSeconds: 4 });
  const clients = await asTask(
    progress,
    'Prisma clients',
    async (task) => {
      const schemas = await listSchemas();
      task.setTotal(schemas.length);
      return inBatches(schemas, async (service): Promise<Generated> => {
        const result = await generatePrisma(service);
        task.advance(1, service);
        return { what: `services/${service}`, result };
      });
    },
    { total: 1 },
  );
  return [{ what: 'proto', result: contract }, ...clients];
};
