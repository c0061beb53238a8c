// Connects a bank without a browser: the local Plaid returns a public_token as Link would.
//   npm start     in the repository, for Fiscility on 3000 and the local Plaid on 3001
//   FISCILITY_API_KEY=fsk_… npx tsx node_modules/@fiscility/client/examples/connect-a-bank.ts
import { createClient, isFiscilityError } from "@fiscility/client";
import { createSandbox } from "@fiscility/client/sandbox";

const {
  FISCILITY_URL = "http://localhost:3000",
  FISCILITY_API_KEY = "",
  PLAID_URL = "http://localhost:3001",
  PLAID_CLIENT_ID = "local-client-id",
  PLAID_SECRET = "local-plaid-key",
} = process.env;

try {
  const client = createClient({ baseUrl: FISCILITY_URL, apiKey: FISCILITY_API_KEY });
  const sandbox = createSandbox({
    url: PLAID_URL,
    clientId: PLAID_CLIENT_ID,
    secret: PLAID_SECRET,
    webhook: `${FISCILITY_URL}/plaid/webhook`,
  });
  const { publicToken } = await sandbox.createBank({ institutionId: "ins_109508" });
  const { item, accounts } = await client.connectAccount.mutate({ publicToken });
  console.log(`${item.institution.name} connected: ${accounts.length} accounts`);
} catch (error) {
  if (!isFiscilityError(error)) throw error;
  process.exitCode = 1;
  switch (error.reason) {
    case "limit_reached":
      console.error(`The ${error.plan} plan holds ${error.limit}, and you have ${error.used}.`);
      break;
    case "rate_limited":
      console.error(`Try again in ${error.retryAfterSeconds} seconds.`);
      break;
    default:
      console.error(`${error.reason}: ${error.message}`);
  }
}
