/** `/_control/settings`: what can be switched while the sandbox runs. */
import type { Sandbox } from "../sandbox.ts";
import { ControlError, onlyKeys, wholeNumber } from "./control-error.ts";

const MOST_MS = 600_000;

/** The settings in force. */
export function shownSettings({ settings }: Sandbox) {
  return {
    rate_limits: settings.rateLimits,
    latency_ms: settings.latencyMs,
    new_item_invalidates_old: settings.newItemInvalidatesOld,
    transactions_ready_ms: settings.transactionsReadyMs,
    full_history: settings.fullHistory,
    require_consent: settings.requireConsent,
    link_events: settings.linkEvents,
    webhook_retry_ms: settings.webhookRetryMs,
    historical_pull_ms: settings.historicalPullMs,
    log_ins_last: settings.logInsLast,
    login_repaired: settings.loginRepaired,
    webhooks_before_sync: settings.webhooksBeforeSync,
  };
}

type Shown = ReturnType<typeof shownSettings>;
/** The settings whose values are of this type. */
type Named<T> = { [Name in keyof Shown]: Shown[Name] extends T ? Name : never }[keyof Shown];

/** Changes the settings named in the body and keeps the others. Throws ControlError. */
export function changeSettings(sandbox: Sandbox, body: Record<string, unknown>) {
  const now = shownSettings(sandbox);
  onlyKeys(body, ...Object.keys(now));
  const flag = (name: Named<boolean>): boolean => {
    const value = body[name] ?? now[name];
    if (typeof value !== "boolean") throw new ControlError(`"${name}" must be true or false`);
    return value;
  };
  const ms = (name: Named<number>) => wholeNumber(body, name, MOST_MS, now[name]);
  sandbox.settings = {
    ...sandbox.settings,
    rateLimits: flag("rate_limits"),
    latencyMs: ms("latency_ms"),
    newItemInvalidatesOld: flag("new_item_invalidates_old"),
    transactionsReadyMs: ms("transactions_ready_ms"),
    fullHistory: flag("full_history"),
    requireConsent: flag("require_consent"),
    linkEvents: flag("link_events"),
    webhookRetryMs: ms("webhook_retry_ms"),
    historicalPullMs: ms("historical_pull_ms"),
    logInsLast: flag("log_ins_last"),
    loginRepaired: flag("login_repaired"),
    webhooksBeforeSync: flag("webhooks_before_sync"),
  };
  return shownSettings(sandbox);
}
