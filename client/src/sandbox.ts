export interface SandboxOptions {
  /** The address of the local Plaid; by default `http://localhost:3001`, that of `npm start`. */
  url?: string;
  /** `local-client-id` by default. */
  clientId?: string;
  /** `local-plaid-key` by default. */
  secret?: string;
  /**
   * Where Plaid sends the webhooks of banks created here: Fiscility's `/plaid/webhook`. By default that of
   * `npm start`, `http://localhost:3000/plaid/webhook`.
   */
  webhook?: string;
  fetch?: typeof fetch;
}

/** The bank, and the one of Plaid's test users who logs in there. */
export interface BankOptions {
  /** Plaid's id; by default `ins_109508`, First Platypus Bank. */
  institutionId?: string;
  /** `user_good` by default. @see https://plaid.com/docs/sandbox/test-credentials/ */
  username?: string;
  /** `pass_good` by default; for `user_custom` a JSON configuration. */
  password?: string;
}

/** One log-in at one bank of the local Plaid. Changes there reach Fiscility by webhook, as with Plaid. */
export interface SandboxBank {
  /** For `connectAccount`. */
  readonly publicToken: string;
  /** The user has to log in again: the Item becomes `login_required`. */
  resetLogin(): Promise<void>;
  /** Adds, changes and removes so many transactions at the bank. */
  changeTransactions(by: { added?: number; modified?: number; removed?: number }): Promise<void>;
  /**
   * Calls for the bank's data fail with an error code of Plaid, such as `INSTITUTION_DOWN`; null stops it.
   */
  setError(code: string | null): Promise<void>;
}

/** What the local Plaid does with the next requests to one of its paths, or to `*`. */
export interface SandboxFault {
  path: string;
  /** How many requests it applies to. */
  times?: number;
  /** Instead of `times`: the probability for each request. */
  probability?: number;
  /** How many requests pass first. */
  after?: number;
  do:
    | { error: string; retry_after?: number }
    | { delay: number }
    | { hang: true }
    | { drop: "before" | "after" }
    | { malformed: true }
    | { status: number; body: unknown };
}

export interface Sandbox {
  /** Creates a bank for which a user has finished Link, without Link. Works with Plaid's own Sandbox too. */
  createBank(options?: BankOptions): Promise<SandboxBank>;
  fail(...faults: SandboxFault[]): Promise<void>;
  clearFaults(): Promise<void>;
  /** Moves Plaid's time forward: tokens and log-ins expire, days pass at the banks. */
  advanceTime(seconds: number): Promise<void>;
}

/**
 * The local Plaid of `npm start` or `npx @fiscility/plaid-sandbox`, for tests and development. Every method
 * rejects with an `Error` that has the local Plaid's message.
 */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
  const {
    url = "http://localhost:3001",
    clientId = "local-client-id",
    secret = "local-plaid-key",
    webhook = "http://localhost:3000/plaid/webhook",
  } = options;
  const send = options.fetch ?? fetch;

  async function request<Body>(method: string, path: string, body?: object): Promise<Body> {
    const response = await send(`${url.replace(/\/+$/, "")}${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} of the local Plaid: ${text}`);
    return JSON.parse(text) as Body;
  }
  const control = <Body>(method: string, path: string, body?: object) =>
    request<Body>(method, `/_control/${path}`, body);

  /** The control API identifies a public_token by its hash only. */
  async function itemIdOf(publicToken: string): Promise<string> {
    const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(publicToken));
    const hash = [...new Uint8Array(bytes)].map((each) => each.toString(16).padStart(2, "0"));
    const { items } = await control<{
      items: { item_id: string; public_token_hash: string | null }[];
    }>("GET", "items");
    const found = items.find((item) => item.public_token_hash === hash.join(""));
    if (!found) throw new Error("The local Plaid has no Item of this public_token any more.");
    return found.item_id;
  }

  return {
    async createBank({
      institutionId = "ins_109508",
      username = "user_good",
      password = "pass_good",
    } = {}) {
      const { public_token: publicToken } = await request<{ public_token: string }>(
        "POST",
        "/sandbox/public_token/create",
        {
          client_id: clientId,
          secret,
          institution_id: institutionId,
          initial_products: ["transactions"],
          options: { override_username: username, override_password: password, webhook },
        },
      );
      const change = async (path: string, body: object) => {
        const item_id = await itemIdOf(publicToken);
        await control("POST", `items/${path}`, { item_id, ...body });
      };
      return {
        publicToken,
        resetLogin: () => change("reset-login", {}),
        changeTransactions: (by) => change("transactions", by),
        setError: (code) => change("error", { error_code: code }),
      };
    },
    async fail(...faults) {
      await control("POST", "faults", { faults });
    },
    async clearFaults() {
      await control("DELETE", "faults");
    },
    async advanceTime(seconds) {
      await control("POST", "clock", { advance_seconds: seconds });
    },
  };
}
