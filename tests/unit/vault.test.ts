import { createSecretKey, randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { accessTokenOwner, linkTokenOwner, publicTokenOwner } from "../../db/sealed.ts";
import { Secret } from "../../server/vault/secret.ts";
import { Vault } from "../../server/vault/vault.ts";

const key = () => createSecretKey(randomBytes(32));
const token = new Secret("access-sandbox-1234");
const row = accessTokenOwner("user-1", "row-1");

test("A ciphertext can be decrypted for its own user, row and kind only (N1)", () => {
  const vault = new Vault(new Map([["k1", key()]]));
  const sealed = vault.seal(token, row);
  expect(vault.open(sealed, row).reveal()).toBe("access-sandbox-1234");
  for (const other of [
    accessTokenOwner("user-1", "row-2"),
    accessTokenOwner("user-2", "row-1"),
    publicTokenOwner("user-1", "row-1"),
    linkTokenOwner("user-1"),
  ])
    expect(() => vault.open(sealed, other)).toThrow("cannot be decrypted");
});

test("A v1 envelope can still be decrypted, and v1 and v2 are never mistaken for each other (N1)", () => {
  const ring = new Map([["k1", key()]]);
  const [before, vault] = [new Vault(ring, "v1"), new Vault(ring)];
  for (const owner of [row, publicTokenOwner("user-1", "row-1"), linkTokenOwner("user-1")]) {
    const sealed = before.seal(token, owner);
    expect(sealed).toMatch(/^v1\.k1\./);
    expect(vault.open(sealed, owner).reveal()).toBe("access-sandbox-1234");
    expect(before.open(vault.seal(token, owner), owner).reveal()).toBe("access-sandbox-1234");
    const relabeled = vault.seal(token, owner).replace(/^v2/, "v1");
    expect(() => vault.open(relabeled, owner)).toThrow("cannot be decrypted");
    expect(() => vault.open(sealed.replace(/^v1/, "v2"), owner)).toThrow("cannot be decrypted");
  }
});

test("An altered envelope cannot be decrypted, and its error reveals nothing of it (N1)", () => {
  const vault = new Vault(new Map([["k1", key()]]));
  const sealed = vault.seal(token, row);
  const altered = `${sealed.slice(0, -3)}${sealed.endsWith("AAA") ? "BBB" : "AAA"}`;
  expect(() => vault.open(altered, row)).toThrow("the envelope cannot be decrypted with key k1");
  expect(() => vault.open("v3.k1.abc", row)).toThrow("not an envelope");
});

test("An older key of the ring still decrypts, and the first one encrypts (N1)", () => {
  const [old, fresh] = [key(), key()];
  const sealed = new Vault(new Map([["old", old]])).seal(token, row);
  const vault = new Vault(
    new Map([
      ["fresh", fresh],
      ["old", old],
    ]),
  );
  expect(vault.open(sealed, row).reveal()).toBe("access-sandbox-1234");
  expect(vault.seal(token, row)).toMatch(/^v2\.fresh\./);
  expect(() => new Vault(new Map([["fresh", fresh]])).open(sealed, row)).toThrow("the key old");
});

test("A Secret prints no value (I6)", () => {
  const shown = [String(token), JSON.stringify({ token }), inspect(token), inspect({ token })];
  expect(shown.join()).not.toContain("1234");
});
