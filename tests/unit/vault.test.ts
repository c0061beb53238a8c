import { createSecretKey, randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { Secret } from "../../server/vault/secret.ts";
import { Vault } from "../../server/vault/vault.ts";

const key = () => createSecretKey(randomBytes(32));
const token = new Secret("access-sandbox-1234");

test("N1 a sealed token opens for its own row and for no other", () => {
  const vault = new Vault(new Map([["k1", key()]]));
  const sealed = vault.seal(token, "row-1");
  expect(vault.open(sealed, "row-1").reveal()).toBe("access-sandbox-1234");
  expect(() => vault.open(sealed, "row-2")).toThrow("does not open");
});

test("N1 an altered envelope does not open, and its error shows nothing of it", () => {
  const vault = new Vault(new Map([["k1", key()]]));
  const sealed = vault.seal(token, "row-1");
  const altered = `${sealed.slice(0, -3)}${sealed.endsWith("AAA") ? "BBB" : "AAA"}`;
  expect(() => vault.open(altered, "row-1")).toThrow("the envelope does not open with key k1");
  expect(() => vault.open("v2.k1.abc", "row-1")).toThrow("not an envelope");
});

test("N1 an older key of the ring still opens, the first one seals", () => {
  const [old, fresh] = [key(), key()];
  const sealed = new Vault(new Map([["old", old]])).seal(token, "r");
  const vault = new Vault(
    new Map([
      ["fresh", fresh],
      ["old", old],
    ]),
  );
  expect(vault.open(sealed, "r").reveal()).toBe("access-sandbox-1234");
  expect(vault.seal(token, "r")).toMatch(/^v1\.fresh\./);
  expect(() => new Vault(new Map([["fresh", fresh]])).open(sealed, "r")).toThrow("the key old");
});

test("I6 a Secret shows itself to nobody", () => {
  const shown = [String(token), JSON.stringify({ token }), inspect(token), inspect({ token })];
  expect(shown.join()).not.toContain("1234");
});
