import fc from "fast-check";
import { expect, test } from "vitest";
import { toLinkError, toLinkEvent, toLinkMetadata } from "../../app/connect/to-link-metadata.ts";
import { connectAccountInput, linkEventInput } from "../../server/contracts/connect.ts";
import { isPlain, oddValue } from "../support/odd-values.ts";

const maybe = <T>(right: fc.Arbitrary<T>) => fc.oneof(right, oddValue);
const account = fc.record({
  id: maybe(fc.constant("a")),
  name: maybe(fc.constant("Checking")),
  mask: maybe(fc.constant("0000")),
  type: maybe(fc.constant("depository")),
  subtype: maybe(fc.constant("checking")),
});
const metadata = maybe(
  fc.record({
    institution: maybe(
      fc.record({
        institution_id: maybe(fc.constant("ins_1")),
        name: maybe(fc.constant("A bank")),
      }),
    ),
    accounts: maybe(fc.array(maybe(account), { maxLength: 4 })),
    link_session_id: maybe(fc.constant("session")),
  }),
);
const publicToken = "public-sandbox-1";

test("The page gets texts or null and the server accepts them, whatever Link's metadata is", () => {
  fc.assert(
    fc.property(metadata, (sent) => {
      const read = toLinkMetadata(sent);
      for (const text of [read.institution?.name, read.linkSessionId]) {
        expect(text === null || text === undefined || typeof text === "string").toBe(true);
      }
      connectAccountInput.parse({ publicToken, metadata: read });
      linkEventInput.parse(toLinkEvent(sent, sent));
      const error = toLinkError(sent);
      if (error) expect(typeof error.code).toBe("string");
    }),
    { numRuns: 500 },
  );
});

test("connectAccount's input accepts any metadata and keeps only plain text of it", () => {
  fc.assert(
    fc.property(metadata, (sent) => {
      const { metadata } = connectAccountInput.parse({ publicToken, metadata: sent });
      JSON.stringify(metadata, (_key, value) => {
        if (typeof value === "string") expect(isPlain(value)).toBe(true);
        return value;
      });
    }),
    { numRuns: 500 },
  );
});

test("Good metadata is unchanged beside bad parts", () => {
  const sent = {
    institution: { institution_id: "ins_1", name: "A bank" },
    accounts: [
      { id: "a", name: "Checking", mask: "0000", type: "depository", subtype: "checking" },
      null,
    ],
    link_session_id: 7,
  };
  const { metadata } = connectAccountInput.parse({ publicToken, metadata: toLinkMetadata(sent) });
  expect(metadata).toMatchObject({
    institution: { institutionId: "ins_1", name: "A bank" },
    linkSessionId: null,
  });
  // The page reserves a row for each account, and the plan counts it.
  expect(toLinkMetadata(sent).accounts).toHaveLength(1);
  expect(metadata?.accounts).toEqual([sent.accounts[0]]);
});
