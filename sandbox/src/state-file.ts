/** Keeps a state on disk: written soon after a change and once more on close. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { onlyProducts } from "./plaid/products.ts";
import type { Item, LinkSession, LinkToken, SigningKey, State } from "./state.ts";

const WRITE_AFTER_MS = 150;

export class StateFile {
  readonly #file: string;
  readonly #read: () => State;
  #timer: NodeJS.Timeout | null = null;

  constructor(file: string, read: () => State) {
    this.#file = file;
    this.#read = read;
    mkdirSync(dirname(file), { recursive: true });
  }

  /** Marks the state as changed. Writes are batched. */
  changed(): void {
    this.#timer ??= setTimeout(() => this.write(), WRITE_AFTER_MS);
  }

  /** Writes now: to a second file that is moved into place, so a reader never sees half a file. */
  write(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    const beside = `${this.#file}.writing`;
    writeFileSync(beside, serialiseState(this.#read()), { mode: 0o600 });
    renameSync(beside, this.#file);
  }
}

const MAPS = [
  "items",
  "public_tokens",
  "link_tokens",
  "link_sessions",
  "access_tokens",
  "users",
  "asset_reports",
] as const;

/** The state as JSON text. */
function serialiseState(state: State): string {
  return JSON.stringify(state, (_key, value: unknown) =>
    value instanceof Map ? Object.fromEntries(value) : value,
  );
}

/** Reads a state file; null when there is none. Throws when it is not a state file. */
export function readStateFile(file: string): State | null {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  let raw: Record<string, unknown>;
  try {
    raw = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new Error(`${file} is not a state file of the Plaid sandbox: not JSON. Delete it.`);
  }
  if (raw?.version !== 1) {
    throw new Error(`${file} is not a state file of the Plaid sandbox: no version 1. Delete it.`);
  }
  for (const name of MAPS) raw[name] = new Map(Object.entries(raw[name] ?? {}));
  const state = raw as unknown as State & { signing_key?: SigningKey | null };
  state.signing_keys ??= state.signing_key ? [{ ...state.signing_key, expired_at: null }] : [];
  delete state.signing_key;
  for (const item of state.items.values()) completeItem(item);
  for (const token of state.link_tokens.values()) completeToken(token);
  for (const session of state.link_sessions.values()) completeSession(session);
  return state;
}

/** Adds what a state file of an earlier version of the sandbox lacks. */
function completeItem(item: Item): void {
  item.data_error ??= null;
  item.billed_products ??= item.products;
  item.consented_products ??= item.products;
  item.user_id ??= null;
  item.user_since ??= null;
  item.history_at ??= null;
  item.synced ??= true;
  item.logged_in_at ??= Date.parse(item.created_at);
  item.consent_events ??= [];
}

function completeToken(token: LinkToken & { products?: string[] }): void {
  token.requested ??= onlyProducts(token.products ?? []);
  token.user_id ??= null;
  token.hosted ??= null;
  token.multi_item ??= false;
}

function completeSession(
  session: LinkSession & { success?: LinkSession["added"][number] | null },
): void {
  session.added ??= session.success ? [session.success] : [];
  session.mfa ??= null;
  session.bank_choice ??= null;
  session.awaits_deposits ??= false;
}
