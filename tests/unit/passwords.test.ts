import { expect, test } from "vitest";
import { hashesAtOnce, Passwords } from "../../server/auth/passwords.ts";
import { oldPasswordHash } from "../support/test-users.ts";

/** Counts scrypt's blocks instead of computing them; every key is the same. */
function counting(atOnce = 1) {
  const counted = { blocks: 0, calls: 0 };
  const passwords = new Passwords(atOnce, {
    derive: async (_password, _salt, bytes, { N, r, p }) => {
      counted.blocks += N * r * p;
      counted.calls += 1;
      return Buffer.alloc(bytes);
    },
  });
  return { passwords, counted };
}

test.each([
  [1, 1],
  [2, 1],
  [4, 2],
  [16, 8],
])("With %i cores, %i passwords are hashed at once", (cores, expected) => {
  expect(hashesAtOnce(cores)).toBe(expected);
});

test("A hash uses and stores the scrypt parameters that OWASP asks for", async () => {
  const { passwords, counted } = counting();
  expect(await passwords.hash("correct horse battery")).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/);
  expect(counted.blocks).toBe(2 ** 15 * 8 * 3);
});

test("A wrong password costs the same for an old hash, a new hash and an unknown user", async () => {
  const made = await new Passwords(1).hash("correct horse battery");
  const cheap = "$scrypt$ln=4,r=1,p=1$c2FsdA$a2V5a2V5a2V5a2V5";
  for (const hash of [made, oldPasswordHash, cheap]) {
    const { passwords, counted } = counting();
    expect(await passwords.verify({ hash, password: "not the password" })).toBe(false);
    expect(counted.blocks).toBeGreaterThanOrEqual(2 ** 15 * 8 * 3);
    expect(counted.blocks).toBeLessThanOrEqual(2 ** 15 * 8 * 3 * 1.01);
  }
});

test("A password matches its own hash, ours or better-auth's, and no other", async () => {
  const passwords = new Passwords(1);
  for (const hash of [await passwords.hash("correct horse battery"), oldPasswordHash]) {
    expect(await passwords.verify({ hash, password: "correct horse battery" })).toBe(true);
    expect(await passwords.verify({ hash, password: "correct horse batterz" })).toBe(false);
  }
  expect(passwords.isOutdated(await passwords.hash("x"))).toBe(false);
  expect(passwords.isOutdated(oldPasswordHash)).toBe(true);
  await expect(passwords.verify({ hash: "secret", password: "secret" })).rejects.toThrow("format");
});

test("Two Unicode spellings of the same letters are the same password", async () => {
  const passwords = new Passwords(1);
  const hash = await passwords.hash("caf\u00e9 \ufb01ne");
  expect(await passwords.verify({ hash, password: "cafe\u0301 fine" })).toBe(true);
});

test("A password is rejected when the queue is full, and the next is accepted when there is room", async () => {
  const running: (() => void)[] = [];
  let begun = 0;
  const passwords = new Passwords(2, {
    derive: async (_password, _salt, bytes) => {
      begun += 1;
      await new Promise<void>((resolve) => running.push(resolve));
      return Buffer.alloc(bytes);
    },
  });
  const hashes = Array.from({ length: 18 }, () => passwords.hash("x"));
  await expect(passwords.hash("x")).rejects.toMatchObject({
    reason: "log_in_busy",
    details: { retryAfterSeconds: 2 },
  });
  await new Promise(setImmediate);
  expect(begun).toBe(2);
  running.shift()?.();
  await hashes[0];
  hashes.push(passwords.hash("x"));
  for (let done = 1; done < 19; done++) {
    await new Promise(setImmediate);
    expect(running.length).toBeLessThanOrEqual(2);
    running.shift()?.();
  }
  expect(new Set(await Promise.all(hashes)).size).toBe(19);
  expect(begun).toBe(19);
});
