import fc from "fast-check";
import { expect, test } from "vitest";
import type { AccountTraits } from "../../db/account-traits.ts";
import type { KnownAccount } from "../../db/known-accounts.ts";
import { requireRoom } from "../../server/connect/account-limit.ts";
import { findDuplicates, findUnderOtherId } from "../../server/connect/duplicates.ts";
import { FiscilityError } from "../../server/contracts/errors.ts";

const some = <T>(values: T[]) => fc.constantFrom(...values);
// Few values, so that accounts are often similar.
const traits: fc.Arbitrary<AccountTraits> = fc.record({
  accountId: fc.constant(null),
  persistentAccountId: some([null, null, "p1", "p2", "p3"]),
  mask: some([null, "0000", "1111"]),
  name: some(["Checking", "checking ", "Savings"]),
  subtype: some([null, "checking", "savings"]),
});
const known: fc.Arbitrary<KnownAccount[]> = fc
  .array(fc.record({ traits, institutionId: some(["ins_1", "ins_2"]) }), { maxLength: 8 })
  .map((accounts) =>
    accounts.map(({ traits, institutionId }, n) => ({
      ...traits,
      id: `a${n}`,
      itemId: `i${n % 2}`,
      institutionId,
    })),
  );
const offered = fc.array(traits, { maxLength: 8 });

test("findDuplicates matches each known and each new account once, and only at its own bank (I2)", () => {
  fc.assert(
    fc.property(known, offered, fc.boolean(), (known, offered, likely) => {
      const found = findDuplicates(known, "ins_1", offered, { likely });
      expect(new Set(found.map((d) => d.known.id)).size).toBe(found.length);
      expect(new Set(found.map((d) => d.offered)).size).toBe(found.length);
      expect(found.every((d) => d.known.institutionId === "ins_1")).toBe(true);
    }),
  );
});

test("findDuplicates finds nothing new when a bank lists the same accounts in any order (I2)", () => {
  fc.assert(
    fc.property(offered, fc.infiniteStream(fc.nat()), (accounts, order) => {
      const known = accounts.map((account, n) => ({
        ...account,
        id: `a${n}`,
        itemId: "i",
        institutionId: "ins_1",
      }));
      const again = accounts
        .map((account) => ({ account, at: order.next().value as number }))
        .sort((a, b) => a.at - b.at)
        .map(({ account }) => account);
      // The bank gives each id to one account.
      const ids = accounts.flatMap((a) => a.persistentAccountId ?? []);
      fc.pre(new Set(ids).size === ids.length);
      expect(findDuplicates(known, "ins_1", again, { likely: true })).toHaveLength(accounts.length);
    }),
  );
});

test("findDuplicates matches equal ids of the bank, and never different ones (I2)", () => {
  fc.assert(
    fc.property(known, offered, (known, offered) => {
      for (const { offered: at, known: account } of findDuplicates(known, "ins_1", offered, {
        likely: true,
      })) {
        const [a, b] = [offered[at]?.persistentAccountId ?? null, account.persistentAccountId];
        if (a !== null && b !== null) expect(a).toBe(b);
      }
    }),
  );
});

test("findDuplicates matches only the bank's own ids when the user connects anyway (I2)", () => {
  fc.assert(
    fc.property(known, offered, (known, offered) => {
      for (const duplicate of findDuplicates(known, "ins_1", offered, { likely: false })) {
        expect(duplicate.known.persistentAccountId).not.toBeNull();
        expect(offered[duplicate.offered]?.persistentAccountId).toBe(
          duplicate.known.persistentAccountId,
        );
      }
    }),
  );
});

test("Accounts under another institution_id are matched by mask, name and subtype, never without a mask or at the same bank", () => {
  fc.assert(
    fc.property(known, offered, (known, offered) => {
      const found = findUnderOtherId(known, "ins_1", offered);
      if (found.length === 0) return;
      const [{ itemId } = { itemId: "" }] = found.map((duplicate) => duplicate.known);
      const held = known.filter(
        (account) => account.itemId === itemId && account.institutionId !== "ins_1",
      );
      expect([offered.length, held.length]).toContain(found.length);
      for (const { offered: at, known: account } of found) {
        expect(account.institutionId).not.toBe("ins_1");
        expect(account.itemId).toBe(itemId);
        expect(account.mask).not.toBeNull();
        const [a, b] = [offered[at]?.persistentAccountId ?? null, account.persistentAccountId];
        if (a === null || b === null) {
          expect([offered[at]?.mask, offered[at]?.subtype]).toEqual([
            account.mask,
            account.subtype,
          ]);
        } else expect(a).toBe(b);
      }
    }),
  );
});

test("A bank under a new institution_id is recognized by all of its accounts", () => {
  const traits = { accountId: null, persistentAccountId: null, subtype: "checking" };
  const held: KnownAccount[] = ["0001", "0002"].map((mask, n) => ({
    ...traits,
    mask,
    name: `Account ${n}`,
    id: `a${n}`,
    itemId: "i",
    institutionId: "ins_old",
  }));
  const same = held.map(({ mask, name }) => ({ ...traits, mask, name }));
  const more = [...same, { ...traits, mask: "0003", name: "A new one" }];
  for (const offer of [same, same.slice(1), more]) {
    expect(findUnderOtherId(held, "ins_new", offer).length).toBe(Math.min(offer.length, 2));
  }
  expect(findUnderOtherId(held, "ins_old", same)).toEqual([]);
  expect(
    findUnderOtherId(held, "ins_new", [same[0] as AccountTraits, more[2] as AccountTraits]),
  ).toEqual([]);
});

test("The plan has room exactly when the held and the new accounts fit (I3)", () => {
  fc.assert(
    fc.property(fc.nat(200), fc.nat(200), fc.nat(200), (maxAccounts, used, wanted) => {
      const check = () => requireRoom({ plan: "Any", maxAccounts }, used, wanted);
      if (used + wanted <= maxAccounts) check();
      else expect(check).toThrow(FiscilityError);
    }),
  );
});
