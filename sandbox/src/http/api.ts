/** One request to Plaid's API: faults, credentials, schema, limits, endpoint, response, log. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { applyPatch, type Operation } from "rfc6902";
import { type ActiveRule, type FaultAction, faultName } from "../control/faults.ts";
import { FileBody } from "../endpoints/call.ts";
import { ENDPOINTS } from "../endpoints/index.ts";
import { itemByAccessToken } from "../items.ts";
import { PlaidError } from "../plaid/plaid-error.ts";
import { checkRequest } from "../plaid/request-check.ts";
import type { Sandbox } from "../sandbox.ts";
import { BodyTooLarge, isJson, readBody, sendBytes, sendJson, sendText } from "./body.ts";

interface Answer {
  status: number;
  body: object;
  headers: Record<string, string>;
  error_code: string | null;
  item_id: string | null;
}

/** Responds to one API request, or does what a fault says instead. */
export async function serveApi(
  sandbox: Sandbox,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  const started = performance.now();
  const at = sandbox.clock.iso();
  const request_id = sandbox.ids.requestId();
  const rule = sandbox.faults.next(path);
  const fault = rule?.rule.do ?? null;
  const log = (status: number | null, answer: Answer | null) =>
    sandbox.requests.add({
      at,
      method: request.method ?? "",
      path,
      request_id,
      status,
      error_code: answer?.error_code ?? null,
      item_id: answer?.item_id ?? null,
      fault: fault && faultName(fault),
      duration_ms: Math.round((performance.now() - started) * 100) / 100,
    });

  if (fault && "hang" in fault) {
    log(null, null);
    return;
  }
  if (fault && "drop" in fault && fault.drop === "before") {
    log(null, null);
    request.socket.destroy();
    return;
  }
  const wait = sandbox.settings.latencyMs + (fault && "delay" in fault ? fault.delay : 0);
  if (wait > 0) await sleep(wait, undefined, { ref: false });

  if (fault && "status" in fault) {
    log(fault.status, null);
    sendAsGiven(response, fault.status, fault.body);
    return;
  }
  const answer = await answerRequest(sandbox, request, path, fault);
  if (fault && "drop" in fault) {
    log(null, answer);
    request.socket.destroy();
    return;
  }
  log(answer.status, answer);
  if (answer.body instanceof FileBody) {
    const { type, bytes, headers } = answer.body;
    const half = fault && "malformed" in fault ? Math.ceil(bytes.length / 2) : bytes.length;
    if (rule && fault && "patch" in fault)
      sandbox.faults.didNotFit(rule, "the response is not JSON");
    sendBytes(response, answer.status, bytes.subarray(0, half), type, headers);
    return;
  }
  const body = { ...answer.body, request_id };
  if (fault && "malformed" in fault) {
    const text = JSON.stringify(body);
    sendText(response, answer.status, text.slice(0, Math.ceil(text.length / 2)));
    return;
  }
  const shown =
    rule && fault && "patch" in fault ? patched(sandbox, rule, fault.patch, body) : body;
  sendJson(response, answer.status, shown, answer.headers);
}

/** The body with the patch applied, or unchanged when the patch does not fit. */
function patched(sandbox: Sandbox, rule: ActiveRule, patch: Operation[], body: object): object {
  // The body shares objects with the sandbox's state, and the patch changes them in place.
  const copy = JSON.parse(JSON.stringify(body)) as object;
  const problem = applyPatch(copy, structuredClone(patch)).find((error) => error !== null);
  if (problem === undefined) return copy;
  sandbox.faults.didNotFit(rule, problem.message || problem.name);
  return body;
}

/** Sends a string as it is, so that a test can send what no JSON library writes. */
function sendAsGiven(response: ServerResponse, status: number, body: unknown): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const isHtml = typeof body === "string" && !/^\s*[[{]/.test(body);
  sendText(response, status, text, isHtml ? "text/html" : "application/json");
}

async function answerRequest(
  sandbox: Sandbox,
  request: IncomingMessage,
  path: string,
  fault: FaultAction | null,
): Promise<Answer> {
  let item_id: string | null = null;
  try {
    if (fault && "error" in fault) {
      throw new PlaidError(fault.error, undefined, fault.retry_after ?? null);
    }
    const endpoint = ENDPOINTS.get(path);
    if (!endpoint) {
      throw new PlaidError("NOT_FOUND", `this stand-in does not serve ${path}`);
    }
    if (request.method !== "POST") throw new PlaidError("NOT_FOUND");
    const { client_id, body } = checkRequest(sandbox.schemas, path, await readJson(request), {
      clientId: header(request, "plaid-client-id"),
      secret: header(request, "plaid-secret"),
    });
    item_id = itemIdOf(sandbox, body);
    if (sandbox.settings.rateLimits) sandbox.limits.count(path, client_id, item_id);
    const call = {
      sandbox,
      client_id,
      origin: sandbox.settings.publicUrl ?? `http://${request.headers.host ?? "localhost"}`,
      item: (access_token: string) => itemByAccessToken(sandbox, access_token, client_id),
    };
    const result = await endpoint(call, body as never);
    return { status: 200, body: result, headers: {}, error_code: null, item_id };
  } catch (thrown) {
    if (request.errored) throw thrown;
    const error = thrown instanceof PlaidError ? thrown : ownFault(thrown);
    const headers: Record<string, string> =
      error.retryAfter === null ? {} : { "retry-after": String(error.retryAfter) };
    return { status: error.status, body: error.body(), headers, error_code: error.code, item_id };
  }
}

/** A bug of the sandbox: printed to its output, and returned to the caller as Plaid's own error would be. */
function ownFault(thrown: unknown): PlaidError {
  process.stderr.write(`${thrown instanceof Error ? thrown.stack : String(thrown)}\n`);
  return new PlaidError("INTERNAL_SERVER_ERROR");
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  if (!isJson(request)) {
    throw new PlaidError("INVALID_HEADERS", "Content-Type must be application/json");
  }
  try {
    return JSON.parse(await readBody(request));
  } catch (error) {
    if (error instanceof BodyTooLarge) throw new PlaidError("INVALID_BODY", error.message);
    if (error instanceof SyntaxError) throw new PlaidError("INVALID_BODY");
    throw error;
  }
}

/** The Item a body's token belongs to, for the log and the limits; null for none. */
function itemIdOf(sandbox: Sandbox, body: unknown): string | null {
  const { access_token, public_token } = body as { access_token?: string; public_token?: string };
  if (typeof access_token === "string")
    return sandbox.state.access_tokens.get(access_token) ?? null;
  if (typeof public_token !== "string") return null;
  return sandbox.state.public_tokens.get(public_token)?.item_id ?? null;
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
