import type { Db } from "../../../db/client.ts";
import { findFactorMethods } from "../../../db/second-factors.ts";
import type { SecondFactorMode } from "../../config.ts";
import { FiscilityError } from "../../contracts/errors.ts";

interface Needs {
  db: Db;
  config: { secondFactor: SecondFactorMode };
}

/** Whether any second factor of the user is on. */
export async function hasFactor(db: Db, userId: string): Promise<boolean> {
  const { totp, passkey } = await findFactorMethods(db, userId);
  return totp || passkey;
}

/** Whether the user must set up a second factor before they go on with anything. */
export async function mustSetUpFactor({ db, config }: Needs, userId: string): Promise<boolean> {
  return config.secondFactor === "always" && !(await hasFactor(db, userId));
}

/**
 * Lets a call through as `SECOND_FACTOR` asks, by session and by key alike. `rule` is what the procedure says
 * of itself.
 * @throws `second_factor_required`
 */
export async function requireFactor(
  { db, config }: Needs,
  userId: string,
  rule: "needed" | "sets_up" | undefined,
): Promise<void> {
  const { secondFactor } = config;
  const asks =
    secondFactor === "always"
      ? rule !== "sets_up"
      : secondFactor === "connect" && rule === "needed";
  if (asks && !(await hasFactor(db, userId))) throw new FiscilityError("second_factor_required");
}
