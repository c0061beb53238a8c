import { expect, test } from "vitest";
import type { KnownAccount } from "../../db/known-accounts.ts";
import { findEnded } from "../../server/connect/duplicates.ts";

/** An Item whose access has ended, and the accounts that the bank offers after names have changed. */
const account = (name: string, mask: string | null, subtype = "checking") => ({
  ...{ accountId: null, persistentAccountId: null, name, mask, subtype },
});
const ended = (id: string, ...traits: Parameters<typeof account>): KnownAccount => ({
  ...{ id, itemId: "item", institutionId: "ins_1", isEnded: true },
  ...account(...traits),
});
const found = (
  known: KnownAccount[],
  offered: ReturnType<typeof account>[],
  institutionId = "ins_1",
) =>
  findEnded(known, institutionId, offered).map(({ offered: place, known: { id } }) => [place, id]);

test("findEnded finds an account by mask and subtype when its name has changed", () => {
  const known = [ended("a", "My checking", "0000"), ended("b", "Saving", "1111", "savings")];
  const offered = [account("Saving", "1111", "savings"), account("Plaid Checking", "0000")];
  expect(found(known, offered)).toEqual([
    [0, "b"],
    [1, "a"],
  ]);
});

test("findEnded finds nothing by mask and subtype when two accounts share them", () => {
  const two = [account("One", "0000"), account("Two", "0000")];
  const known = [ended("a", "My checking", "0000"), ended("b", "My other", "0000")];
  expect(found(known, [account("Plaid Checking", "0000")])).toEqual([]);
  expect(found(known.slice(0, 1), two)).toEqual([]);
  expect(found([...known.slice(0, 1), ended("b", "One", "0000")], two.slice(0, 1))).toEqual([
    [0, "b"],
  ]);
});

test("findEnded finds no account of another bank, subtype or mask, nor one without a mask", () => {
  const known = [ended("a", "My checking", "0000"), ended("b", "Other", null)];
  expect(found(known, [account("Plaid Checking", "0000")], "ins_2")).toEqual([]);
  expect(found(known, [account("Plaid Checking", "0001")])).toEqual([]);
  expect(found(known, [account("Plaid Checking", "0000", "savings")])).toEqual([]);
  expect(found(known, [account("Another", null)])).toEqual([]);
});
