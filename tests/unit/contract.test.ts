import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import * as client from "../../client/src/schemas.ts";
import { createClientTypes } from "../../server/api/contract/client-types.ts";
import { type Contract, createContract } from "../../server/api/contract/contract.ts";
import { contractChanges } from "../../server/api/contract/contract-changes.ts";
import { endpoints, subscriptions } from "../../server/api/contract/endpoints.ts";

const kept = JSON.parse(readFileSync("client/contract.json", "utf8")) as Contract;
const { version } = JSON.parse(readFileSync("client/package.json", "utf8")) as { version: string };

test("The client's contract equals the server's, so that a change needs a version (G5)", () => {
  const { breaking, additions } = contractChanges(kept, createContract(version));
  const how =
    "The public contract changed. `npm run contract` says how, and `npm run contract -- --write` publishes it.";
  expect({ breaking, additions }, how).toEqual({ breaking: [], additions: [] });
  expect(version, how).toBe(kept.version);
  expect(JSON.stringify(createContract(version)), how).toBe(JSON.stringify(kept));
  expect(readFileSync("client/CHANGELOG.md", "utf8"), how).toContain(`\n## ${version}\n`);
});

test("The client's types equal those generated from the contracts and procedures", () => {
  const how = "Run `npm run contract -- --write`.";
  for (const [name, text] of Object.entries(createClientTypes())) {
    expect(readFileSync(`client/src/${name}`, "utf8"), how).toBe(text);
  }
});

test("The client exports the schema of every input, output and event that an API key can use", () => {
  const exported = new Set<unknown>(Object.values(client));
  const bare = (schema: z.ZodType) => (schema instanceof z.ZodOptional ? schema.unwrap() : schema);
  const used = [
    ...endpoints
      .filter(({ scope }) => scope !== "session")
      .map(({ name, input, output }) => ({ name, schemas: [input, output] })),
    ...subscriptions.map(({ name, input, event }) => ({ name, schemas: [input, event] })),
  ];
  const missing = used.filter(({ schemas }) =>
    schemas.some((schema) => schema && !exported.has(schema) && !exported.has(bare(schema))),
  );
  expect(missing.map(({ name }) => name)).toEqual([]);
});

// biome-ignore lint/suspicious/noExplicitAny: each case reaches deep into a copy.
type Edit = (contract: any) => void;
const after = (edit: Edit) => {
  const copy = structuredClone(kept);
  edit(copy);
  return contractChanges(kept, copy);
};
const items = (c: Parameters<Edit>[0]) =>
  c.procedures["accounts.list"].output.properties.items.items;
const connect = (c: Parameters<Edit>[0]) => c.procedures.connectAccount.input;

test.each<[string, Edit, RegExp]>([
  ["a procedure that is gone", (c) => delete c.procedures["plan.get"], /plan\.get is gone/],
  [
    "a query that became a mutation",
    (c) => {
      c.procedures["plan.get"].type = "mutation";
    },
    /type was query/,
  ],
  [
    "a scope that changed",
    (c) => {
      c.procedures["plan.get"].scope = "activity:read";
    },
    /scope was/,
  ],
  [
    "a step-up that was not asked for",
    (c) => {
      c.procedures["plan.get"].stepUp = true;
    },
    /asks for a step-up now/,
  ],
  [
    "another REST address",
    (c) => {
      c.procedures["plan.get"].rest = "GET /plans";
    },
    /rest was/,
  ],
  [
    "an output field that is gone",
    (c) => {
      delete items(c).properties.accounts.items.properties.mask;
      const { required } = items(c).properties.accounts.items;
      required.splice(required.indexOf("mask"), 1);
    },
    /accounts\[\]: mask may be missing/,
  ],
  [
    "an output field that may be missing",
    (c) => items(c).required.splice(items(c).required.indexOf("createdAt"), 1),
    /createdAt may be missing/,
  ],
  [
    "an output field of another type",
    (c) => {
      items(c).properties.status = { type: "number" };
    },
    /status: string and number/,
  ],
  [
    "an output field that may be null",
    (c) => {
      items(c).properties.createdAt = { anyOf: [items(c).properties.createdAt, { type: "null" }] };
    },
    /createdAt: string and null/,
  ],
  [
    "an output enum with one value more",
    (c) => items(c).properties.status.enum.push("on_fire"),
    /status may now be on_fire/,
  ],
  [
    "a new required input field",
    (c) => {
      connect(c).properties.colour = { type: "string" };
      connect(c).required.push("colour");
    },
    /colour is required now/,
  ],
  [
    "an input field that is no longer taken",
    (c) => delete connect(c).properties.metadata,
    /metadata is no longer taken/,
  ],
  [
    "a tighter input",
    (c) => {
      connect(c).properties.publicToken.maxLength = 20;
    },
    /publicToken: maxLength/,
  ],
  [
    "an input enum with one value less",
    (c) => c.procedures["apiKeys.create"].input.properties.scopes.items.enum.pop(),
    /may no longer be/,
  ],
  ["a reason that is gone", (c) => delete c.reasons.busy, /reason busy is gone/],
  [
    "a reason with another status",
    (c) => {
      c.reasons.busy.status = 500;
    },
    /busy: its status was 503/,
  ],
  [
    "a reason whose details lost a field",
    (c) => {
      delete c.reasons.limit_reached.details.properties.plan;
      c.reasons.limit_reached.details.required.shift();
    },
    /limit_reached details: plan may be missing/,
  ],
])("A change breaks a client: %s (G5)", (_name, edit, message) => {
  const { breaking } = after(edit);
  expect(breaking.join("\n")).toMatch(message);
  expect(breaking).toHaveLength(1);
});

test.each<[string, Edit]>([
  [
    "a new procedure",
    (c) => {
      c.procedures.extra = c.procedures["plan.get"];
    },
  ],
  [
    "a new output field",
    (c) => {
      items(c).properties.colour = { type: "string" };
      items(c).required.push("colour");
    },
  ],
  [
    "a new optional input field",
    (c) => {
      connect(c).properties.colour = { type: "string" };
    },
  ],
  [
    "a looser input",
    (c) => {
      connect(c).properties.publicToken.maxLength = 300;
    },
  ],
  [
    "a new reason",
    (c) => {
      c.reasons.extra = c.reasons.busy;
    },
  ],
])("A change only adds: %s (G5)", (_name, edit) => {
  const { breaking, additions } = after(edit);
  expect(breaking).toEqual([]);
  expect(additions).toHaveLength(1);
});
