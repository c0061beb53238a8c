import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  endingOf,
  mayHaveBeenSent,
  NothingNew,
  SameItem,
  type Stage,
  stateOf,
} from "../../server/connect/attempt.ts";
import { FiscilityError, type Reason, reasons } from "../../server/contracts/errors.ts";

const failure = (reason: Reason, mayHaveActed = false) =>
  new FiscilityError(reason, {
    plaid: {
      ...{
        errorType: null,
        errorCode: null,
        displayMessage: null,
        requestId: "r",
        httpStatus: null,
        retryAfter: null,
      },
      mayHaveActed,
    },
  } as never);
const bug = new Error("a bug");

const waiting: Stage = { at: "waiting" };
const first: Stage = { at: "sending", earlier: false };
const again: Stage = { at: "sending", earlier: true };
const held: Stage = { at: "held" };
const saved: Stage = { at: "saved" };
const committing: Stage = { at: "committing" };

describe("endingOf", () => {
  test.each<[string, Stage, unknown, "request" | "recovery", string | null, Reason]>([
    ["waiting, busy", waiting, failure("busy"), "request", "open", "busy"],
    ["waiting, busy, the recovery", waiting, failure("busy"), "recovery", null, "busy"],
    ["waiting, no room", waiting, failure("limit_reached"), "request", "open", "limit_reached"],
    [
      "waiting, no room, the recovery",
      waiting,
      failure("limit_reached"),
      "recovery",
      "open",
      "limit_reached",
    ],
    ["waiting, deleted", waiting, failure("unauthenticated"), "request", "fail", "unauthenticated"],
    ["waiting, the database fails", waiting, bug, "request", null, "outcome_pending"],
    ["rejected", first, failure("public_token_invalid"), "request", "fail", "public_token_invalid"],
    [
      "rejected after an unclear retry",
      first,
      failure("public_token_invalid", true),
      "request",
      "fail",
      "exchange_lost",
    ],
    [
      "rejected after an earlier run",
      again,
      failure("public_token_invalid"),
      "request",
      "fail",
      "exchange_lost",
    ],
    ["refused", first, failure("plaid_refused"), "request", "fail", "plaid_refused"],
    [
      "refused after an earlier run",
      again,
      failure("plaid_refused"),
      "request",
      null,
      "outcome_pending",
    ],
    ["a rate limit", first, failure("busy"), "request", "open", "busy"],
    ["a rate limit, the recovery", first, failure("busy"), "recovery", "unmark", "busy"],
    [
      "a rate limit after an earlier run",
      again,
      failure("busy"),
      "request",
      null,
      "outcome_pending",
    ],
    [
      "a bank that is down",
      first,
      failure("bank_unavailable"),
      "request",
      "open",
      "bank_unavailable",
    ],
    [
      "a bank that is down, the recovery",
      first,
      failure("bank_unavailable"),
      "recovery",
      "unmark",
      "bank_unavailable",
    ],
    ["no response", first, failure("plaid_unavailable", true), "request", null, "outcome_pending"],
    ["a bug while sending", first, bug, "request", null, "outcome_pending"],
    ["a token that cannot be saved", held, bug, "request", "remove from memory", "connect_failed"],
    [
      "accounts that cannot be read",
      saved,
      failure("bank_unavailable"),
      "request",
      "remove",
      "bank_unavailable",
    ],
    [
      "a retryable error once it is spent",
      saved,
      failure("plaid_unavailable"),
      "request",
      "remove",
      "connect_failed",
    ],
    [
      "no room after the exchange",
      saved,
      failure("limit_reached"),
      "request",
      "remove",
      "limit_reached",
    ],
    ["a commit that fails", committing, bug, "request", "remove", "connect_failed"],
  ])("returns the ending for %s", (_case, stage, error, by, transition, reason) => {
    const ending = endingOf(stage, error, by);
    expect([ending.transition, ending.error.reason]).toEqual([transition, reason]);
  });

  test("removes the Item and returns the one that holds the accounts when nothing is new", () => {
    expect(endingOf(saved, new NothingNew("i"), "request")).toMatchObject({
      transition: "remove",
      heldBy: "i",
    });
  });

  test.each([held, saved])(
    "settles without a removal when the Item exists already, at stage %j",
    (stage) => {
      const ending = endingOf(stage, new SameItem("i"), "request");
      expect(ending).toMatchObject({ transition: "settle", heldBy: "i" });
      const other = endingOf(stage, new SameItem(null), "request");
      expect([other.transition, other.error.reason]).toEqual(["settle", "public_token_invalid"]);
      expect(other.heldBy).toBeUndefined();
    },
  );

  const stage = fc.constantFrom(waiting, first, again, held, saved, committing);
  const thrown = fc.oneof(
    fc.constant<unknown>(bug),
    fc
      .tuple(fc.constantFrom(...(Object.keys(reasons) as Reason[])), fc.boolean())
      .map(([reason, mayHaveActed]) => failure(reason, mayHaveActed)),
  );
  const by = fc.constantFrom("request" as const, "recovery" as const);

  test("never leaves an Item that may exist without the recovery or a removal", () => {
    fc.assert(
      fc.property(stage, thrown, by, (stage, error, by) => {
        const { transition, error: response } = endingOf(stage, error, by);
        const exchanged = ["held", "saved", "committing"].includes(stage.at);
        if (exchanged) expect(["remove", "remove from memory"]).toContain(transition);
        const unclear =
          stage.at === "sending" &&
          (stage.earlier || !(error instanceof FiscilityError) || error.plaid?.mayHaveActed);
        if (unclear) expect(transition === null || response.reason === "exchange_lost").toBe(true);
      }),
    );
  });

  test("tells the caller to send the token again only when it can still succeed", () => {
    fc.assert(
      fc.property(stage, thrown, (stage, error) => {
        const { transition, error: response } = endingOf(stage, error, "request");
        if (reasons[response.reason].retryable) expect([null, "open"]).toContain(transition);
      }),
    );
  });
});

describe("stateOf", () => {
  test.each([
    [{ status: "started", public_token_sealed: "t", run_id: null, sent_again: false }, "recorded"],
    [{ status: "started", public_token_sealed: "t", run_id: "r", sent_again: true }, "sending"],
    [{ status: "started", public_token_sealed: "t", run_id: null, sent_again: true }, "sending"],
    [{ status: "started", public_token_sealed: null, run_id: null, sent_again: false }, "open"],
    [
      { status: "removing", public_token_sealed: null, run_id: null, sent_again: false },
      "removing",
    ],
  ] as const)("reads %j as %s", (columns, state) => {
    expect(stateOf(columns)).toBe(state);
    expect(mayHaveBeenSent(columns)).toBe(columns.run_id !== null || columns.sent_again);
  });
});
