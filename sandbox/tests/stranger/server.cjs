/**
 * A stranger's backend, in the manner of Plaid's quickstart for Node: written against the official
 * `plaid` package, Express and Plaid's guides, and knowing of no sandbox but Plaid's own.
 */
const crypto = require("node:crypto");
const express = require("express");
const { Configuration, PlaidApi, PlaidEnvironments } = require("plaid");

const { PORT, PLAID_CLIENT_ID, PLAID_SECRET, PLAID_ENV, LINK_SCRIPT, WEBHOOK_URL } = process.env;

const client = new PlaidApi(
  new Configuration({
    basePath: PlaidEnvironments[PLAID_ENV],
    baseOptions: {
      headers: {
        "PLAID-CLIENT-ID": PLAID_CLIENT_ID,
        "PLAID-SECRET": PLAID_SECRET,
        "Plaid-Version": "2020-09-14",
      },
    },
  }),
);

let accessToken = null;
let itemId = null;
let cursor = "";
const transactions = new Map();
const webhooks = [];

const app = express();
app.use(express.json({ verify: (request, _response, body) => (request.rawBody = body) }));

/** Hands Plaid's own error on, as the quickstart does. */
const route = (work) => (request, response) =>
  work(request, response).catch((error) => {
    if (!error.response) return response.status(500).json({ error: String(error) });
    response.status(error.response.status).json({ error: error.response.data });
  });

app.get("/", (_request, response) => {
  response.send(`<!doctype html><html lang="en"><title>Stranger</title>
<script src="${LINK_SCRIPT}"></script>
<button id="connect">Connect</button> <button id="repair">Repair</button> <output></output>
<script>
  const post = (path, body = {}) => fetch(path, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  }).then((answer) => answer.json());
  const out = document.querySelector("output");
  async function open(path, done) {
    const { link_token } = await post(path);
    Plaid.create({ token: link_token, onSuccess: done, onExit: () => { out.value = "left"; } }).open();
  }
  document.getElementById("connect").onclick = () => open("/api/create_link_token",
    async (public_token) => { await post("/api/set_access_token", { public_token }); out.value = "connected"; });
  document.getElementById("repair").onclick = () => open("/api/create_update_token",
    () => { out.value = "repaired"; });
</script></html>`);
});

const linkRequest = {
  user: { client_user_id: "user-id" },
  client_name: "Plaid Quickstart",
  country_codes: ["US"],
  language: "en",
};

app.post(
  "/api/create_link_token",
  route(async (_request, response) => {
    const products = ["auth", "transactions"];
    const created = await client.linkTokenCreate({
      ...linkRequest,
      products,
      webhook: WEBHOOK_URL,
    });
    response.json(created.data);
  }),
);

app.post(
  "/api/create_update_token",
  route(async (_request, response) => {
    const created = await client.linkTokenCreate({ ...linkRequest, access_token: accessToken });
    response.json(created.data);
  }),
);

app.post(
  "/api/set_access_token",
  route(async (request, response) => {
    const { public_token } = request.body;
    const exchanged = await client.itemPublicTokenExchange({ public_token });
    accessToken = exchanged.data.access_token;
    itemId = exchanged.data.item_id;
    response.json({ item_id: itemId });
  }),
);

for (const [path, method] of [
  ["/api/accounts", "accountsGet"],
  ["/api/balance", "accountsBalanceGet"],
  ["/api/auth", "authGet"],
  ["/api/identity", "identityGet"],
]) {
  app.get(
    path,
    route(async (_request, response) => {
      response.json((await client[method]({ access_token: accessToken })).data);
    }),
  );
}

app.get(
  "/api/item",
  route(async (_request, response) => {
    const { item } = (await client.itemGet({ access_token: accessToken })).data;
    const { institution } = (
      await client.institutionsGetById({
        institution_id: item.institution_id,
        country_codes: ["US"],
      })
    ).data;
    response.json({ item, institution });
  }),
);

app.get(
  "/api/transactions",
  route(async (_request, response) => {
    for (let more = true; more; ) {
      const { data } = await client.transactionsSync({ access_token: accessToken, cursor });
      if (data.next_cursor === "") {
        await new Promise((resolve) => setTimeout(resolve, 500));
        continue;
      }
      for (const entry of [...data.added, ...data.modified]) {
        transactions.set(entry.transaction_id, entry);
      }
      for (const { transaction_id } of data.removed) transactions.delete(transaction_id);
      cursor = data.next_cursor;
      more = data.has_more;
    }
    const entries = [...transactions.values()];
    entries.sort((one, other) => (one.date < other.date ? 1 : -1));
    response.json({ total: entries.length, latest_transactions: entries.slice(0, 8) });
  }),
);

app.post(
  "/api/refresh",
  route(async (_request, response) => {
    response.json((await client.transactionsRefresh({ access_token: accessToken })).data);
  }),
);

app.post(
  "/api/webhook_url",
  route(async (request, response) => {
    const { webhook } = request.body;
    response.json((await client.itemWebhookUpdate({ access_token: accessToken, webhook })).data);
  }),
);

app.post(
  "/api/break",
  route(async (_request, response) => {
    response.json((await client.sandboxItemResetLogin({ access_token: accessToken })).data);
  }),
);

app.post(
  "/api/remove",
  route(async (_request, response) => {
    response.json((await client.itemRemove({ access_token: accessToken })).data);
  }),
);

/** https://plaid.com/docs/api/webhooks/webhook-verification/, with Node's own crypto. */
async function isFromPlaid(request) {
  const [head, claims, signature] = String(request.headers["plaid-verification"]).split(".");
  const decode = (part) => JSON.parse(Buffer.from(part, "base64url").toString());
  const { alg, kid } = decode(head);
  if (alg !== "ES256") return false;
  const { key } = (await client.webhookVerificationKeyGet({ key_id: kid })).data;
  const signed = crypto.verify(
    "sha256",
    Buffer.from(`${head}.${claims}`),
    { key: crypto.createPublicKey({ key, format: "jwk" }), dsaEncoding: "ieee-p1363" },
    Buffer.from(signature, "base64url"),
  );
  const { iat, request_body_sha256 } = decode(claims);
  const hash = crypto.createHash("sha256").update(request.rawBody).digest("hex");
  return signed && Date.now() / 1000 - iat < 300 && hash === request_body_sha256;
}

app.post(
  "/webhook",
  route(async (request, response) => {
    const { webhook_code, item_id = null } = request.body;
    webhooks.push({ webhook_code, item_id, verified: await isFromPlaid(request) });
    response.json({});
  }),
);
app.get("/api/webhooks", (_request, response) => response.json(webhooks));

const server = app.listen(Number(PORT), "127.0.0.1", () => {
  process.stdout.write(`http://127.0.0.1:${server.address().port}\n`);
});
