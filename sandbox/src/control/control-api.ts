/** `/_control/*`: faults, bookkeeping, clock and reset. No Plaid path; tokens never appear here. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { findInstitution } from "../bank/institutions.ts";
import { isJson, readBody, sendJson } from "../http/body.ts";
import { shownAccounts } from "../items.ts";
import { tokenHash } from "../plaid/ids.ts";
import type { Sandbox } from "../sandbox.ts";
import { FaultRuleError } from "./faults.ts";

/** A control request that was not understood. */
class ControlError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

type Handler = (sandbox: Sandbox, body: Record<string, unknown>) => object;

const ROUTES: Record<string, Handler> = {
  "GET /_control/items": (sandbox) => ({ items: listItems(sandbox) }),
  "GET /_control/requests": (sandbox) => ({ requests: sandbox.requests.list() }),
  "GET /_control/webhooks": (sandbox) => ({ webhooks: sandbox.webhooks.list() }),
  "GET /_control/faults": (sandbox) => ({ faults: sandbox.faults.list() }),
  "POST /_control/faults": (sandbox, body) => {
    onlyKey(body, "faults");
    sandbox.faults.add(body.faults);
    return { faults: sandbox.faults.list() };
  },
  "DELETE /_control/faults": (sandbox) => {
    sandbox.faults.clear();
    return { faults: [] };
  },
  "POST /_control/clock": (sandbox, body) => {
    onlyKey(body, "advance_seconds");
    const seconds = body.advance_seconds;
    if (typeof seconds !== "number" || !Number.isFinite(seconds) || seconds < 0) {
      throw new ControlError(400, '"advance_seconds" must be a number from 0');
    }
    sandbox.clock.offsetMs += seconds * 1000;
    sandbox.changed();
    return { now: sandbox.clock.iso() };
  },
  "POST /_control/reset": (sandbox) => {
    sandbox.reset();
    return { reset: true };
  },
};

/** Answers a control request; a wrong one gets 400 or 404 with `{ error }`. */
export async function serveControl(
  sandbox: Sandbox,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  try {
    const handler = ROUTES[`${request.method} ${path}`];
    if (!handler) throw new ControlError(404, `no ${request.method} ${path}`);
    const text = await readBody(request);
    // A page of a stranger's site can post a form here, but not JSON: browsers ask first.
    if (request.method === "POST" && request.headers.origin !== undefined && !isJson(request)) {
      throw new ControlError(400, "content-type must be application/json");
    }
    sendJson(response, 200, handler(sandbox, parse(text)));
  } catch (error) {
    if (error instanceof FaultRuleError) sendJson(response, 400, { error: error.message });
    else if (error instanceof ControlError)
      sendJson(response, error.status, { error: error.message });
    else throw error;
  }
}

function parse(text: string): Record<string, unknown> {
  if (text === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ControlError(400, "body is not JSON");
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new ControlError(400, "body must be a JSON object");
  }
  return value as Record<string, unknown>;
}

function onlyKey(body: Record<string, unknown>, known: string): void {
  const unknown = Object.keys(body).filter((key) => key !== known);
  if (unknown.length > 0)
    throw new ControlError(400, `unknown ${unknown.join(", ")}; known: ${known}`);
}

/** Every Item ever made, oldest first. */
function listItems(sandbox: Sandbox) {
  const hashes = new Map<string, string>();
  for (const { public_token, item_id } of sandbox.state.public_tokens.values()) {
    hashes.set(item_id, tokenHash(public_token));
  }
  return [...sandbox.state.items.values()].map((item) => ({
    item_id: item.item_id,
    client_user_id: item.client_user_id,
    institution_id: item.institution_id,
    institution_name: findInstitution(item.institution_id)?.name ?? null,
    username: item.username,
    accounts: shownAccounts(sandbox, item).map(({ account_id, bank }) => ({
      account_id,
      persistent_account_id: bank.persistent_account_id,
      name: bank.name,
      mask: bank.mask,
      subtype: bank.subtype,
    })),
    link_session_id: item.link_session_id,
    /** SHA-256, hex, of the newest public_token. */
    public_token_hash: hashes.get(item.item_id) ?? null,
    access_token_issued: item.access_token !== null,
    error: item.error,
    created_at: item.created_at,
    removed: item.removed_at !== null,
    removed_at: item.removed_at,
  }));
}
