/** Link's steps over HTTP, for tests that need no browser. */

/** A step's outcome; `outcome` is "error" when it failed, with the reason in `error`. */
// biome-ignore lint/suspicious/noExplicitAny: each step has its own fields
export type Outcome = { outcome: string; [field: string]: any };

/** Posts one step of Link. */
export async function linkStep(url: string, name: string, fields: object): Promise<Outcome> {
  const response = await fetch(`${url}/link/session/${name}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(fields),
  });
  return (await response.json()) as Outcome;
}

export interface ThroughLink {
  institution_id?: string;
  username?: string;
  password?: string;
  /** The places of the accounts to share; all offered ones by default. */
  chosen?: number[];
}

/** Goes through Link without a browser. Throws when a step fails. */
export async function goThroughLink(
  url: string,
  link_token: string,
  { institution_id, username = "user_good", password = "pass_good", chosen }: ThroughLink = {},
): Promise<{ started: Outcome; offered: Outcome; connected: Outcome }> {
  const step = async (name: string, fields: object) => {
    const outcome = await linkStep(url, name, fields);
    if (outcome.outcome === "error") throw new Error(JSON.stringify(outcome.error));
    return outcome;
  };
  const started = await step("start", { link_token });
  const { link_session_id } = started;
  if (institution_id) await step("institution", { link_session_id, institution_id });
  const offered = await step("log-in", { link_session_id, username, password });
  const account_ids = chosen ?? offered.accounts.map(({ id }: { id: number }) => id);
  const connected = await step("connect", { link_session_id, account_ids });
  return { started, offered, connected };
}
