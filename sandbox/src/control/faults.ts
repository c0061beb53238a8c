/** Faults on request: which responses go wrong, how often, and how. */
import type { Operation } from "rfc6902";
import { isPlaidErrorCode, type PlaidErrorCode, plaidErrorCodes } from "../plaid/plaid-error.ts";
import { Random } from "../random.ts";

/** What a fault does to a request. */
export type FaultAction =
  | { error: PlaidErrorCode; retry_after?: number }
  | { delay: number }
  | { hang: true }
  | { drop: "before" | "after" }
  | { malformed: true }
  /** JSON Patch (RFC 6902) of the response; the request is acted on first. */
  | { patch: Operation[] }
  /** This response for any request. A string is sent as it is, any other body as JSON. */
  | { status: number; body: unknown };

/** A rule as `POST /_control/faults` takes it. Exactly one of `times` and `probability`. */
export interface FaultRule {
  /** A path of the API, or `*` for every one. */
  path: string;
  /** Apply to this many requests, then stop. */
  times?: number;
  /** Apply to this share of the requests, 0 to 1. */
  probability?: number;
  /** Let this many requests pass first. */
  after?: number;
  do: FaultAction;
}

/** A rule that was not understood; the message says why. */
export class FaultRuleError extends Error {}

/** A rule with how many requests it has met, and how many it has changed. */
export interface ActiveRule {
  rule: FaultRule;
  seen: number;
  applied: number;
  /** Why the rule's patch did not fit a response it met; null when it always has. */
  unfit: string | null;
}

/** Plaid names the type in the wording; its general 429 code is RATE_LIMIT. */
const ALIASES: Record<string, PlaidErrorCode> = { RATE_LIMIT_EXCEEDED: "RATE_LIMIT" };
/** What `do` can be, each with the keys it takes. */
const KINDS: Record<string, string[]> = {
  error: ["error", "retry_after"],
  delay: ["delay"],
  hang: ["hang"],
  drop: ["drop"],
  malformed: ["malformed"],
  patch: ["patch"],
  status: ["status", "body"],
};
/** The operations of JSON Patch, each with the keys it needs beside `op` and `path`. */
const OPERATIONS: Record<string, string[]> = {
  add: ["value"],
  remove: [],
  replace: ["value"],
  move: ["from"],
  copy: ["from"],
  test: ["value"],
};
const RULE_KEYS = ["path", "times", "probability", "after", "do"];

export class Faults {
  readonly #paths: Set<string>;
  readonly #random: Random;
  #active: ActiveRule[] = [];

  constructor(paths: string[], seed: number) {
    this.#paths = new Set(paths);
    this.#random = new Random(seed, "faults");
  }

  /** Appends rules: all of them or, when one is not understood (FaultRuleError), none. */
  add(rules: unknown): void {
    if (!Array.isArray(rules)) throw new FaultRuleError('"faults" must be a list of rules');
    const parsed = rules.map((rule, index) => this.#parse(rule, `faults[${index}]`));
    this.#active.push(...parsed.map((rule) => ({ rule, seen: 0, applied: 0, unfit: null })));
  }

  clear(): void {
    this.#active = [];
  }

  /** The rules with how many requests each has met and changed. */
  list(): (FaultRule & Omit<ActiveRule, "rule">)[] {
    return this.#active.map(({ rule, ...counts }) => ({ ...rule, ...counts }));
  }

  /** The first rule that matches and applies to this request; null for none. */
  next(path: string): ActiveRule | null {
    if (this.#active.length === 0 || !this.#paths.has(path)) return null;
    for (const active of this.#active) {
      const { rule } = active;
      if (rule.path !== "*" && rule.path !== path) continue;
      active.seen += 1;
      if (active.seen <= (rule.after ?? 0)) continue;
      const applies =
        rule.times === undefined
          ? this.#random.chance(rule.probability ?? 0)
          : active.applied < rule.times;
      if (!applies) continue;
      active.applied += 1;
      return active;
    }
    return null;
  }

  /** Uncounts a request: the rule's patch did not fit the response, which was not changed. */
  didNotFit(active: ActiveRule, reason: string): void {
    active.applied -= 1;
    active.unfit = reason;
  }

  #parse(value: unknown, at: string): FaultRule {
    const rule = record(value, at);
    onlyKeys(rule, RULE_KEYS, at);
    const { path, times, probability, after } = rule;
    if (typeof path !== "string" || (path !== "*" && !this.#paths.has(path))) {
      throw new FaultRuleError(`${at}.path must be "*" or a path of the API, got ${show(path)}`);
    }
    if ((times === undefined) === (probability === undefined)) {
      throw new FaultRuleError(`${at} needs exactly one of "times" and "probability"`);
    }
    if (times !== undefined && !wholeNumber(times, 1)) {
      throw new FaultRuleError(`${at}.times must be a whole number from 1, got ${show(times)}`);
    }
    if (
      probability !== undefined &&
      !(typeof probability === "number" && probability >= 0 && probability <= 1)
    ) {
      throw new FaultRuleError(`${at}.probability must be from 0 to 1, got ${show(probability)}`);
    }
    if (after !== undefined && !wholeNumber(after, 0)) {
      throw new FaultRuleError(`${at}.after must be a whole number from 0, got ${show(after)}`);
    }
    return { ...rule, do: parseAction(rule.do, `${at}.do`) } as FaultRule;
  }
}

/** A short name for the request log: `RATE_LIMIT`, `delay 200`, `drop after`, ... */
export function faultName(action: FaultAction): string {
  if ("error" in action) return action.error;
  if ("delay" in action) return `delay ${action.delay}`;
  if ("drop" in action) return `drop ${action.drop}`;
  if ("patch" in action) return "patch";
  if ("status" in action) return `status ${action.status}`;
  return "hang" in action ? "hang" : "malformed";
}

function parseAction(value: unknown, at: string): FaultAction {
  const action = record(value, at);
  const kinds = Object.keys(KINDS).filter((kind) => kind in action);
  const [kind] = kinds;
  if (kinds.length !== 1 || kind === undefined) {
    throw new FaultRuleError(`${at} needs exactly one of ${Object.keys(KINDS).join(", ")}`);
  }
  onlyKeys(action, KINDS[kind] ?? [], at);
  const setting = action[kind];
  switch (kind) {
    case "error": {
      const code = typeof setting === "string" ? (ALIASES[setting] ?? setting) : "";
      if (!isPlaidErrorCode(code)) {
        const known = plaidErrorCodes().join(", ");
        throw new FaultRuleError(`${at}.error must be one of ${known}, got ${show(setting)}`);
      }
      const { retry_after } = action;
      if (retry_after === undefined) return { error: code };
      if (!wholeNumber(retry_after, 0)) {
        throw new FaultRuleError(
          `${at}.retry_after must be whole seconds, got ${show(retry_after)}`,
        );
      }
      return { error: code, retry_after };
    }
    case "delay":
      if (!wholeNumber(setting, 0) || setting > 600_000) {
        throw new FaultRuleError(`${at}.delay must be 0 to 600000 ms, got ${show(setting)}`);
      }
      return { delay: setting };
    case "drop":
      if (setting !== "before" && setting !== "after") {
        throw new FaultRuleError(`${at}.drop must be "before" or "after", got ${show(setting)}`);
      }
      return { drop: setting };
    case "patch":
      return { patch: parsePatch(setting, `${at}.patch`) };
    case "status":
      if (!wholeNumber(setting, 200) || setting > 599) {
        throw new FaultRuleError(`${at}.status must be 200 to 599, got ${show(setting)}`);
      }
      if (!("body" in action)) throw new FaultRuleError(`${at} needs a "body" beside "status"`);
      return { status: setting, body: action.body };
    default:
      if (setting !== true)
        throw new FaultRuleError(`${at}.${kind} must be true, got ${show(setting)}`);
      return kind === "hang" ? { hang: true } : { malformed: true };
  }
}

function parsePatch(value: unknown, at: string): Operation[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new FaultRuleError(`${at} must be a list of JSON Patch operations, got ${show(value)}`);
  }
  return value.map((entry, index) => {
    const where = `${at}[${index}]`;
    const operation = record(entry, where);
    const needed = typeof operation.op === "string" ? OPERATIONS[operation.op] : undefined;
    if (!needed) {
      const known = Object.keys(OPERATIONS).join(", ");
      throw new FaultRuleError(`${where}.op must be one of ${known}, got ${show(operation.op)}`);
    }
    onlyKeys(operation, ["op", "path", ...needed], where);
    for (const key of needed) {
      if (!(key in operation)) throw new FaultRuleError(`${where} needs "${key}"`);
    }
    for (const key of ["path", ...needed.filter((name) => name === "from")]) {
      if (!isPointer(operation[key])) {
        throw new FaultRuleError(
          `${where}.${key} must be a JSON pointer such as "/accounts/0/name", got ${show(operation[key])}`,
        );
      }
    }
    return operation as unknown as Operation;
  });
}

/** RFC 6901: empty, or segments that each begin with a slash. */
function isPointer(value: unknown): value is string {
  return typeof value === "string" && /^(\/([^~]|~[01])*)?$/.test(value);
}

function record(value: unknown, at: string): Record<string, unknown> {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new FaultRuleError(`${at} must be an object, got ${show(value)}`);
  }
  return value as Record<string, unknown>;
}

function onlyKeys(value: Record<string, unknown>, known: string[], at: string): void {
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  if (unknown.length > 0) {
    throw new FaultRuleError(`${at} has unknown ${unknown.join(", ")}; known: ${known.join(", ")}`);
  }
}

function wholeNumber(value: unknown, from: number): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= from;
}

function show(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 80) ?? "nothing";
}
