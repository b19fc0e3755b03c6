import { applyAll, listSchemas, urlFor, withClient } from '@midas/cli/migrate';

/**
 * Migrates one database a service as `midas migrate` does, with both its roles, and makes a template of it:
 * databases of tests are copies of that.
 */
export async function makeTemplates(serverUrl: string, appPassword: string): Promise<void> {
  const services = await listSchemas();
  const roles = services.flatMap((service) => {
    const database = `midas_${service.replaceAll('-', '_')}`;
    return [`${database}_migrator`, `${database}_app`];
  });
  const passwords = Object.fromEntries(roles.map((role) => [role, appPassword]));
  const migrated = await applyAll({ databaseUrl: serverUrl, passwords, services });
  await withClient(urlFor(serverUrl, 'postgres'), async (server) => {
    for (const { database } of migrated) {
      const template = database.replace(/^midas_/, 'template_');
      await server.query(`DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
      await server.query(`CREATE DATABASE ${template} TEMPLATE ${database}`);
    }
  });
}
