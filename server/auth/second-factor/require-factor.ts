import type { Db } from "../../../db/client.ts";
import { findFactorMethods } from "../../../db/second-factors.ts";
import type { SecondFactorMode } from "../../config.ts";
import { FiscilityError } from "../../contracts/errors.ts";

interface Needs {
  db: Db;
  config: { secondFactor: SecondFactorMode };
}

/** Whether the user has turned on any second factor. */
export async function hasFactor(db: Db, userId: string): Promise<boolean> {
  const { totp, passkey } = await findFactorMethods(db, userId);
  return totp || passkey;
}

/** Whether the user must set up a second factor before they can do anything else. */
export async function mustSetUpFactor({ db, config }: Needs, userId: string): Promise<boolean> {
  return config.secondFactor === "always" && !(await hasFactor(db, userId));
}

/**
 * Requires the user to have a second factor, by session or by key.
 *
 * @throws FiscilityError `second_factor_required`
 */
export async function requireFactor({ db }: Pick<Needs, "db">, userId: string): Promise<void> {
  if (!(await hasFactor(db, userId))) throw new FiscilityError("second_factor_required");
}

/**
 * Requires the user to have a second factor to connect a new bank, by session or by key, unless factors are
 * optional.
 *
 * @throws FiscilityError `second_factor_required`
 */
export async function requireFactorToConnect({ db, config }: Needs, userId: string): Promise<void> {
  if (config.secondFactor !== "optional") await requireFactor({ db }, userId);
}
