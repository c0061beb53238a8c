import type { TestApp } from "./app.ts";

/**
 * Goes through Link without a browser, as `user_good`: to the bank (in update mode it is given), the log-in,
 * and the accounts at these positions; without `chosen`, all that are offered.
 */
export async function goThroughLink(
  app: Pick<TestApp, "sandboxUrl">,
  linkToken: string,
  { bank, chosen }: { bank?: string; chosen?: number[] } = {},
): Promise<{ publicToken: string; picked: boolean; metadata: unknown }> {
  const step = async (name: string, fields: object) => {
    const response = await fetch(`${app.sandboxUrl}/link/session/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(fields),
    });
    const body = await response.json();
    if (body.outcome === "error") throw new Error(JSON.stringify(body.error));
    return body;
  };
  const { link_session_id } = await step("start", { link_token: linkToken });
  if (bank) await step("institution", { link_session_id, institution_id: bank });
  const credentials = { username: "user_good", password: "pass_good" };
  const { accounts, pick } = await step("log-in", { link_session_id, ...credentials });
  const account_ids = chosen ?? accounts.map(({ id }: { id: number }) => id);
  const { public_token, metadata } = await step("connect", { link_session_id, account_ids });
  return { publicToken: public_token, picked: pick, metadata };
}
