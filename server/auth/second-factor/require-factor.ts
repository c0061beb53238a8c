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
 * Lets a user go on who has a second factor, by session or by key.
 * @throws `second_factor_required`
 */
export async function requireFactor({ db }: Pick<Needs, "db">, userId: string): Promise<void> {
  if (!(await hasFactor(db, userId))) throw new FiscilityError("second_factor_required");
}

/**
 * Lets a user connect a new bank, by session or by key: with a second factor, unless it is optional.
 * @throws `second_factor_required`
 */
export async function requireFactorToConnect({ db, config }: Needs, userId: string): Promise<void> {
  if (config.secondFactor !== "optional") await requireFactor({ db }, userId);
}
