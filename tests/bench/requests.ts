/**
 * Connects over HTTP with a key. Returns the reason of a refusal and the seconds until a retry; null once it is
 * connected. Throws for errors that a retry cannot change.
 */
export async function exchange(
  url: string,
  key: string,
  publicToken: string,
): Promise<{ reason: string; retryAfter: number } | null> {
  const answer = await fetch(`${url}/plaid/exchange-token`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ public_token: publicToken }),
  });
  const body = (await answer.json()) as {
    error?: { reason: string; details?: { retry_after_seconds?: number } };
  };
  if (answer.ok) return null;
  const { reason = "", details } = body.error ?? {};
  const passes = answer.status === 429 || answer.status === 503;
  if (!passes) throw new Error(`a connection ended with ${answer.status}, ${reason}`);
  return { reason, retryAfter: details?.retry_after_seconds ?? 1 };
}

/** `accounts.list` over tRPC with a key. */
export async function readAccounts(url: string, key: string): Promise<void> {
  const headers = { authorization: `Bearer ${key}` };
  const answer = await fetch(`${url}/trpc/accounts.list`, { headers });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`accounts.list: ${answer.status}`);
}
