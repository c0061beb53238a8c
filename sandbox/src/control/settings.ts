/** `/_control/settings`: what can be changed while the sandbox runs, and `--set` at its start. */
import type { Sandbox, SandboxSettings } from "../sandbox.ts";
import { ControlError, onlyKeys, wholeNumber } from "./control-error.ts";

/** The longest wait that a setting takes, milliseconds. */
export const MOST_MS = 600_000;

/** The settings by the names that requests and the command use. */
const NAMES = {
  rate_limits: "rateLimits",
  latency_ms: "latencyMs",
  new_item_invalidates_old: "newItemInvalidatesOld",
  transactions_ready_ms: "transactionsReadyMs",
  full_history: "fullHistory",
  require_consent: "requireConsent",
  link_events: "linkEvents",
  webhooks_before_sync: "webhooksBeforeSync",
  login_repaired: "loginRepaired",
  log_ins_last: "logInsLast",
  historical_pull_ms: "historicalPullMs",
  webhook_retry_ms: "webhookRetryMs",
  transactions_for_all: "transactionsForAll",
  user_apis: "userApis",
  user_items_delay_ms: "userItemsDelayMs",
} as const satisfies Record<string, keyof SandboxSettings>;

type Switched = (typeof NAMES)[keyof typeof NAMES];

/** The settings by the names that `startSandbox` uses. */
export const SETTING_FIELDS: Switched[] = Object.values(NAMES);

/** The settings in force. */
export function shownSettings({ settings }: Sandbox): Record<string, boolean | number> {
  return Object.fromEntries(Object.entries(NAMES).map(([name, field]) => [name, settings[field]]));
}

/** Changes the settings named in the body and keeps the others. Throws ControlError. */
export function changeSettings(sandbox: Sandbox, body: Record<string, unknown>) {
  onlyKeys(body, ...Object.keys(NAMES));
  const changed = Object.entries(NAMES)
    .filter(([name]) => body[name] !== undefined)
    .map(([name, field]) => {
      if (typeof sandbox.settings[field] === "number") {
        return [field, wholeNumber(body, name, MOST_MS, 0)];
      }
      if (typeof body[name] !== "boolean")
        throw new ControlError(`"${name}" must be true or false`);
      return [field, body[name]];
    });
  sandbox.settings = { ...sandbox.settings, ...Object.fromEntries(changed) };
  return shownSettings(sandbox);
}

/** Options of `startSandbox` from texts such as `full_history=true`. Throws TypeError. */
export function settingsFromTexts(texts: string[]): Partial<Pick<SandboxSettings, Switched>> {
  const options: Record<string, boolean | number> = {};
  for (const text of texts) {
    const [, name = text, value = ""] = /^(.*?)=(.*)$/s.exec(text) ?? [];
    const field = Object.hasOwn(NAMES, name) ? NAMES[name as keyof typeof NAMES] : undefined;
    if (field === undefined) {
      throw new TypeError(`--set ${name}: unknown; known: ${Object.keys(NAMES).join(", ")}`);
    }
    const isNumber = name.endsWith("_ms");
    if (!(isNumber ? /^\d{1,6}$/ : /^(true|false)$/).test(value)) {
      const wanted = isNumber ? "a whole number of milliseconds" : "true or false";
      throw new TypeError(`--set ${name} must be ${wanted}, got "${value}"`);
    }
    options[field] = isNumber ? Number(value) : value === "true";
  }
  return options;
}
