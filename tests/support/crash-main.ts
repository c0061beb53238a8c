import { inspect } from "node:util";
import { accessTokenOwner } from "../../db/sealed.ts";
import { parseConfig, secretVariables } from "../../server/config.ts";
import { createServices } from "../../server/services.ts";

/** A process of the product that crashes with all its services in memory, and prints as much as possible. */
const config = parseConfig(process.env);
for (const name of secretVariables) delete process.env[name];
const { services } = createServices(config);
const owner = accessTokenOwner("user", "row");
await services.plaid
  .getItem(services.vault.open(services.vault.seal(await tokenOf(), owner), owner))
  .catch((error: unknown) => {
    services.log.error(
      { err: error, services, config },
      inspect(error, { depth: 12, showHidden: true }),
    );
  });
process.stdout.write(inspect(services, { depth: 12, showHidden: true, maxArrayLength: null }));
process.stdout.write(JSON.stringify({ config }));
process.stdout.write(JSON.stringify(process.report.getReport()));
if (process.argv[2] === "reject") void Promise.reject(Object.assign(new Error("x"), { services }));
else throw Object.assign(new Error("it crashed"), { config, services });

async function tokenOf() {
  const { Secret } = await import("../../server/vault/secret.ts");
  return new Secret("access-sandbox-11111111-2222-3333-4444-555555555555");
}
