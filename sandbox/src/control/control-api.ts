/** `/_control/*`: faults, bookkeeping, clock and reset. No Plaid path; tokens never appear here. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { isJson, readBody, sendJson } from "../http/body.ts";
import { expireLogIn } from "../items.ts";
import { pullHistoryIfDue } from "../pulls.ts";
import type { Sandbox } from "../sandbox.ts";
import { ControlError, onlyKeys, wholeNumber } from "./control-error.ts";
import { FaultRuleError } from "./faults.ts";
import {
  changeTransactions,
  listItems,
  listTransactions,
  refreshTransactions,
  resetLogin,
  sendWebhook,
  setError,
} from "./item-control.ts";
import { changeSettings, shownSettings } from "./settings.ts";

const TEN_YEARS_S = 10 * 365 * 86_400;

/** `body` holds the JSON of a POST, or the query of a GET. */
type Handler = (sandbox: Sandbox, body: Record<string, unknown>) => object;

const ROUTES: Record<string, Handler> = {
  "GET /_control/items": (sandbox) => ({ items: listItems(sandbox) }),
  "GET /_control/items/transactions": listTransactions,
  "POST /_control/items/transactions": changeTransactions,
  "POST /_control/items/refresh": refreshTransactions,
  "POST /_control/items/reset-login": resetLogin,
  "POST /_control/items/error": setError,
  "POST /_control/items/webhook": sendWebhook,
  "GET /_control/requests": (sandbox) => ({ requests: sandbox.requests.list() }),
  "GET /_control/webhooks": (sandbox) => ({ webhooks: sandbox.webhooks.list() }),
  "GET /_control/faults": (sandbox) => ({ faults: sandbox.faults.list() }),
  "POST /_control/faults": (sandbox, body) => {
    onlyKeys(body, "faults");
    sandbox.faults.add(body.faults);
    return { faults: sandbox.faults.list() };
  },
  "DELETE /_control/faults": (sandbox) => {
    sandbox.faults.clear();
    return { faults: [] };
  },
  "GET /_control/settings": shownSettings,
  "POST /_control/settings": changeSettings,
  "POST /_control/clock": (sandbox, body) => {
    onlyKeys(body, "advance_seconds");
    sandbox.clock.offsetMs += wholeNumber(body, "advance_seconds", TEN_YEARS_S, 0) * 1000;
    for (const item of sandbox.state.items.values()) {
      expireLogIn(sandbox, item);
      pullHistoryIfDue(sandbox, item);
    }
    sandbox.changed();
    return { now: sandbox.clock.iso() };
  },
  "POST /_control/reset": (sandbox, body) => {
    onlyKeys(body);
    sandbox.reset();
    return { reset: true };
  },
};

/** Responds to a control request; a wrong one gets 400 or 404 with `{ error }`. */
export async function serveControl(
  sandbox: Sandbox,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  try {
    const route = `${request.method} ${url.pathname}`;
    const handler = ROUTES[route];
    if (!handler) throw new ControlError(`no ${route}`, 404);
    const text = await readBody(request);
    // A page of another site can post a form here, but not JSON: browsers send a preflight first.
    if (request.method === "POST" && request.headers.origin !== undefined && !isJson(request)) {
      throw new ControlError("content-type must be application/json");
    }
    const body = request.method === "GET" ? Object.fromEntries(url.searchParams) : parse(text);
    sendJson(response, 200, handler(sandbox, body));
  } catch (error) {
    if (error instanceof FaultRuleError) sendJson(response, 400, { error: error.message });
    else if (error instanceof ControlError) {
      sendJson(response, error.status, { error: error.message });
    } else throw error;
  }
}

function parse(text: string): Record<string, unknown> {
  if (text === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ControlError("body is not JSON");
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new ControlError("body must be a JSON object");
  }
  return value as Record<string, unknown>;
}
