/** The official SDK, with requests and responses validated against Plaid's OpenAPI description. */
import type { ValidateFunction } from "ajv";
import axios from "axios";
import { Configuration, CountryCode, PlaidApi, Products } from "plaid";
import type { SandboxOptions } from "../../src/index.ts";
import {
  absoluteReference,
  plaidAjv,
  RequestSchemas,
  readOpenApiDocument,
} from "../../src/plaid/openapi-schemas.ts";
import type { PlaidErrorBody } from "../../src/plaid/plaid-error.ts";

const document = readOpenApiDocument("openapi-subset");
const ajv = plaidAjv(document, false);
const validators = new Map<string, ValidateFunction>();

/** The settings that deviate from Plaid for convenience, for tests about something else. */
export const KIND: SandboxOptions = {
  fullHistory: true,
  linkEvents: true,
  webhooksBeforeSync: true,
  loginRepaired: true,
  logInsLast: true,
  historicalPullMs: 0,
  transactionsReadyMs: 0,
  transactionsForAll: true,
  webhookRetryMs: 250,
};

/** Paths that returned 200 so far in this test file. */
export const visited = new Set<string>();

/** Throws unless the body matches the path's documented response for this status. */
export function checkAnswer(path: string, status: number, body: unknown): void {
  const key = `${path} ${status === 200 ? "200" : "default"}`;
  if (status === 200 && document.paths[path]?.post.responses[200]?.content?.["application/pdf"]) {
    if (!String(body).startsWith("%PDF-")) throw new Error(`${key}: not a PDF`);
    visited.add(path);
    return;
  }
  let validate = validators.get(key);
  if (!validate) {
    const answer = document.paths[path]?.post.responses[status === 200 ? "200" : "default"];
    const schema = answer?.content?.["application/json"]?.schema;
    if (schema === undefined) throw new Error(`${key} is not in the document`);
    validate = ajv.compile(absoluteReference(schema));
    validators.set(key, validate);
  }
  if (!validate(body)) {
    throw new Error(`${key}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(body)}`);
  }
  if (typeof (body as { request_id?: unknown }).request_id !== "string") {
    throw new Error(`${key} has no request_id`);
  }
  if (status === 200) visited.add(path);
}

const requests = new RequestSchemas();

/** Throws unless an accepted request matches the path's description; null means absent. */
export function checkRequest(path: string, sent: unknown): void {
  const body = typeof sent === "string" ? JSON.parse(sent) : (sent ?? {});
  const problems = requests.problems(path, requests.withoutNulls(path, body));
  if (problems.length > 0) {
    throw new Error(`${path} took what does not fit: ${JSON.stringify(problems)}`);
  }
}

/** Plaid's SDK for a sandbox. `secret` and `client` as in the headers. */
export function plaidClient(url: string, client = "test-client", secret = "test-secret"): PlaidApi {
  const http = axios.create();
  http.interceptors.response.use(
    (response) => {
      const path = new URL(response.config.url ?? "").pathname;
      checkRequest(path, response.config.data);
      checkAnswer(path, response.status, response.data);
      return response;
    },
    (error) => {
      const { response } = error;
      const path = new URL(error.config?.url ?? url).pathname;
      if (typeof response?.data === "object" && document.paths[path]) {
        checkAnswer(path, response.status, response.data);
      }
      throw error;
    },
  );
  const configuration = new Configuration({
    basePath: url,
    baseOptions: { headers: { "PLAID-CLIENT-ID": client, "PLAID-SECRET": secret } },
  });
  return new PlaidApi(configuration, url, http);
}

/** The HTTP status and Plaid's error of a call that must fail. */
export async function failure(
  call: Promise<unknown>,
): Promise<PlaidErrorBody & { status: number }> {
  try {
    await call;
  } catch (error) {
    if (axios.isAxiosError(error) && error.response) {
      return { status: error.response.status, ...(error.response.data as PlaidErrorBody) };
    }
    throw error;
  }
  throw new Error("the call was expected to fail");
}

/** A connected Item, without Link. */
export async function connect(
  plaid: PlaidApi,
  institution_id = "ins_109508",
  options: { username?: string; password?: string; webhook?: string } = {},
): Promise<{ access_token: string; item_id: string }> {
  const created = await plaid.sandboxPublicTokenCreate({
    institution_id,
    initial_products: [Products.Transactions],
    options: {
      ...(options.webhook === undefined ? {} : { webhook: options.webhook }),
      override_username: options.username ?? "user_good",
      override_password: options.password ?? "pass_good",
    },
  });
  const { public_token } = created.data;
  return (await plaid.itemPublicTokenExchange({ public_token })).data;
}

/** The smallest valid body of `/link/token/create`. */
export const LINK_TOKEN_REQUEST = {
  client_name: "Ledgerline",
  language: "en",
  country_codes: [CountryCode.Us],
  user: { client_user_id: "user-1" },
  products: [Products.Transactions],
};

/** Calls `/_control/...` and returns the body; throws on an error. */
export async function control<T>(
  url: string,
  method: string,
  path: string,
  body?: object,
): Promise<T> {
  const answer = await fetch(`${url}/_control/${path}`, {
    method,
    ...(body
      ? { body: JSON.stringify(body), headers: { "content-type": "application/json" } }
      : {}),
  });
  const parsed = await answer.json();
  if (!answer.ok) throw new Error((parsed as { error: string }).error);
  return parsed as T;
}
