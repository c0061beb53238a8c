import { randomBytes, randomUUID } from "node:crypto";
import { expect } from "vitest";
import { type AttemptStatus, moveAttempt } from "../../db/link-attempts.ts";
import { transitions } from "../../server/connect/attempt.ts";
import { type Attempt, moved } from "../model/world.ts";
import type { TestApp, TestUser } from "../support/app.ts";
import { testWithApp } from "../support/fixtures.ts";

/**
 * Checks that the model performs each transition in memory as PostgreSQL does. Otherwise its walk would prove
 * nothing.
 */
const test = testWithApp();
let user: TestUser;
test.beforeAll(async ({ app }) => {
  user = await app.signUp();
});

const own = randomUUID();
const another = randomUUID();
const statuses: AttemptStatus[] = ["started", "exchanged", "connected", "removing", "failed"];

/** Every attempt that the table's constraints allow, with each mark. */
const attempts: Attempt[] = statuses.flatMap((status) =>
  [null, own, another].flatMap((run) =>
    [false, true].flatMap((sentAgain) =>
      (status === "started" ? [false, true] : [false]).flatMap((token) =>
        (status === "started" || status === "exchanged" ? [false, true] : [false]).map(
          (choice) => ({
            ...{ status, run, sentAgain, token, item: null, choice },
            access: status === "exchanged" || status === "removing",
            reason: status === "failed" || status === "removing" ? "busy" : null,
          }),
        ),
      ),
    ),
  ),
);

async function insert(app: TestApp, attempt: Attempt): Promise<string> {
  const [row] = await app.query(
    `insert into link_attempts (user_id, public_token_hash, status, public_token_sealed, run_id,
       sent_again, access_token_sealed, reason, chosen_accounts, tries)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 3) returning id`,
    [
      ...[user.id, randomBytes(32), attempt.status, attempt.token ? "sealed" : null],
      ...[attempt.run, attempt.sentAgain, attempt.access ? "sealed" : null, attempt.reason],
      attempt.choice ? "[]" : null,
    ],
  );
  return row.id;
}

test.for(Object.entries(transitions))(
  "moveAttempt performs '%s' in PostgreSQL as the model does in memory",
  async ([name, transition], { app }) => {
    for (const attempt of attempts) {
      const id = await insert(app, attempt);
      const expected = moved(attempt, transition, {
        ...{ runId: own, readRunId: null, item: "item", reason: "plaid_refused" },
        choice: true,
      });
      const status = await moveAttempt(app.services.db, { userId: user.id, id }, transition, {
        ...{
          runId: own,
          readRunId: null,
          publicTokenSealed: "sealed",
          accessTokenSealed: "sealed",
          chosenAccounts: [],
        },
        ...{ plaidItemId: "item", why: { reason: "plaid_refused", details: undefined } },
      });
      const [row] = await app.query("select * from link_attempts where id = $1", [id]);
      const after: Attempt = {
        ...{ status: row.status, run: row.run_id, sentAgain: row.sent_again },
        ...{ token: row.public_token_sealed !== null, access: row.access_token_sealed !== null },
        ...{ item: row.plaid_item_id, reason: row.reason },
        choice: row.chosen_accounts !== null,
      };
      const what = JSON.stringify({ name, attempt });
      expect([what, status]).toEqual([what, expected?.status ?? null]);
      expect([what, after]).toEqual([what, expected ?? attempt]);
      const isNewStatus = expected !== null && expected.status !== attempt.status;
      if (isNewStatus) expect([what, row.tries]).toEqual([what, 0]);
    }
  },
);

test("moveAttempt changes no attempt of another user", async ({ app }) => {
  const [attempt] = attempts as [Attempt];
  const id = await insert(app, attempt);
  const other = await app.signUp();
  const key = { userId: other.id, id };
  expect(await moveAttempt(app.services.db, key, transitions.mark, { runId: own })).toBeNull();
});
