import pg from "pg";
import { expect, test } from "vitest";
import { DatabaseUnreachable, isConnectionLost } from "../../db/client.ts";
import { toFiscilityError, toReadError } from "../../server/api/trpc.ts";

const postgresError = (code: string) =>
  Object.assign(new pg.DatabaseError("x", 1, "error"), { code });
const broke = (code: string) => Object.assign(new Error(`read ${code}`), { code });

const lost: Error[] = [
  // An administrator, a crash, and a server that starts or stops.
  ...["57P01", "57P02", "57P03"].map(postgresError),
  // PgBouncer says 08P01 of each way to lose its own.
  ...["08000", "08001", "08003", "08004", "08006", "08007", "08P01"].map(postgresError),
  ...["ECONNRESET", "ECONNABORTED", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"].map(broke),
  // pg's own words.
  ...[
    "Connection terminated unexpectedly",
    "Connection terminated",
    "Client was closed and is not queryable",
    "Client has encountered a connection error and is not queryable",
    "PostgreSQL does not respond",
  ].map((message) => new Error(message)),
];
const name = (error: Error) => (error as { code?: string }).code ?? error.message;

test.each(lost.map((error) => [name(error), error] as const))(
  "A read returns unavailable when its connection is lost: %s",
  (_, error) => {
    expect(isConnectionLost(error)).toBe(true);
    expect(toReadError(error).reason).toBe("unavailable");
  },
);

test.each(["23505", "22P02", "57014", "40001", "53200", "42P01"].map((code) => [code]))(
  "A read returns internal when PostgreSQL rejects its statement: %s",
  (code) => {
    expect(isConnectionLost(postgresError(code))).toBe(false);
    expect(toReadError(postgresError(code)).reason).toBe("internal");
  },
);

test("A change returns unavailable only when it is known to have had no effect", () => {
  expect(toFiscilityError(new DatabaseUnreachable("x")).reason).toBe("unavailable");
  for (const error of lost) expect(toFiscilityError(error).reason).toBe("internal");
});
