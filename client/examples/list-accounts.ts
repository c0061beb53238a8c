// Lists every account with its balance.
//   FISCILITY_API_KEY=fsk_… npx tsx node_modules/@fiscility/client/examples/list-accounts.ts
import { createClient, isFiscilityError } from "@fiscility/client";

const { FISCILITY_URL = "http://localhost:3000", FISCILITY_API_KEY = "" } = process.env;

try {
  const client = createClient({ baseUrl: FISCILITY_URL, apiKey: FISCILITY_API_KEY });
  const { items } = await client.accounts.list.query();
  for (const { institution, accounts } of items) {
    console.log(institution.name);
    for (const { name, mask, balances } of accounts) {
      console.log(
        `  ${name} ••${mask ?? ""}  ${balances.current ?? "?"} ${balances.currency ?? ""}`,
      );
    }
  }
} catch (error) {
  if (!isFiscilityError(error)) throw error;
  console.error(`${error.reason}: ${error.message} ${error.requestId ?? ""}`);
  process.exitCode = 1;
}
