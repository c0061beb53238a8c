import { expect, test } from "vitest";
import {
  attemptOf,
  type Books,
  type Decision,
  decide,
  type LostAttempt,
  removalDelay,
  removalsPerDay,
  type Sighting,
} from "../../server/reconciliation/decide.ts";

const now = new Date("2026-11-28T12:00:00Z");
const minutes = (count: number) => new Date(now.getTime() - count * 60_000);
const item = (plaidItemId: string, institutionId: string | null = "ins_1") => ({
  ...{ plaidItemId, institutionId, institutionName: "Bank" },
});
const sighting = (plaidItemId: string, change: Partial<Sighting> = {}): Sighting => ({
  ...item(plaidItemId),
  ...{ firstSeenAt: minutes(41), sentAt: null, confirmedAt: null, removedAt: null },
  ...change,
});
const removed = (plaidItemId: string, ago: number) =>
  sighting(plaidItemId, { firstSeenAt: minutes(ago + 41), removedAt: minutes(ago) });
const lost = (attemptId: string, change: Partial<LostAttempt> = {}): LostAttempt => ({
  ...{ attemptId, institutionId: "ins_1", createdAt: minutes(60), endedAt: minutes(59) },
  ...change,
});
const row = (plaidItemId: string, isAssociated = true) => ({
  ...{ itemId: `row of ${plaidItemId}`, plaidItemId, isAssociated },
});

const agreed: Books = {
  ...{ now, listed: [], isComplete: true, rows: [], held: new Set() },
  ...{ isUnclear: false, sightings: [], lost: [] },
};
const nothing: Decision = {
  ...{
    remove: [],
    confirmedRemovals: [],
    note: [],
    drop: [],
    wait: [],
    associated: [],
    associate: [],
    check: [],
  },
  ...{ giveUp: [], nextAt: null },
};
const inMinutes = (count: number) => new Date(now.getTime() + count * 60_000);
const X = item("X");
const old = sighting("X");
const ten = Array.from({ length: 10 }, (_, n) => sighting(`X${n}`));

const table: [string, Partial<Books>, Partial<Decision>][] = [
  ["list and rows agree", { listed: [X], rows: [row("X")], held: new Set(["X"]) }, {}],
  ["an Item is listed for the first time", { listed: [X] }, { note: [X], nextAt: inMinutes(40) }],
  [
    "it is seen again after 39 minutes",
    { listed: [X], sightings: [sighting("X", { firstSeenAt: minutes(39) })] },
    { nextAt: inMinutes(1) },
  ],
  [
    "it is seen again after 41 minutes",
    { listed: [X], sightings: [old] },
    { remove: [old], nextAt: inMinutes(0.5) },
  ],
  [
    "a live row holds it by then",
    { listed: [X], sightings: [old], rows: [row("X", false)], held: new Set(["X"]) },
    { drop: ["X"], associated: ["X"] },
  ],
  [
    "another user's row or an unfinished attempt holds it",
    { listed: [X], sightings: [old], held: new Set(["X"]) },
    { drop: ["X"] },
  ],
  [
    "an attempt of the user is unclear",
    { listed: [X], sightings: [old], isUnclear: true },
    { nextAt: inMinutes(10) },
  ],
  ["it is not listed any more", { sightings: [old] }, { drop: ["X"] }],
  [
    "it is not listed any more, and its removal was requested",
    { sightings: [sighting("X", { sentAt: minutes(1) })] },
    { confirmedRemovals: [sighting("X", { sentAt: minutes(1) })] },
  ],
  [
    "a row of the list could not be read",
    { isComplete: false, sightings: [sighting("X", { sentAt: minutes(1) })], rows: [row("Y")] },
    {},
  ],
  [
    "the list still has what was removed a minute ago",
    { listed: [X], sightings: [removed("X", 1)] },
    {},
  ],
  [
    "the list still has what was removed an hour ago",
    { listed: [X], sightings: [removed("X", 60)] },
    { note: [X], nextAt: inMinutes(40) },
  ],
  [
    "it was removed, is listed again since, and seen for the second time",
    { listed: [X], sightings: [{ ...old, removedAt: minutes(100) }] },
    { remove: [{ ...old, removedAt: minutes(100) }], nextAt: inMinutes(0.5) },
  ],
  [
    "ten Items are unclaimed",
    { listed: ten, sightings: ten },
    {
      ...{ remove: ten.slice(0, removalsPerDay), nextAt: inMinutes(0.5) },
      wait: ten.slice(removalsPerDay).map((one) => one.plaidItemId),
    },
  ],
  [
    "today's removals are used up",
    {
      listed: [X],
      sightings: [...ten.slice(0, 5).map((one) => removed(one.plaidItemId, 60)), old],
    },
    { wait: ["X"], nextAt: inMinutes(60) },
  ],
  [
    "today's removals are used up, and an operator has confirmed it",
    {
      listed: [X],
      sightings: [
        ...ten.slice(0, 5).map((one) => removed(one.plaidItemId, 60)),
        sighting("X", { confirmedAt: minutes(1) }),
      ],
    },
    { remove: [sighting("X", { confirmedAt: minutes(1) })], nextAt: inMinutes(0.5) },
  ],
  ["a row is not listed and not associated", { rows: [row("Y", false)] }, { associate: ["Y"] }],
  ["a row is not listed, but associated", { rows: [row("Y")] }, { check: ["row of Y"] }],
  [
    "an exchange is lost, and nothing is listed yet",
    { lost: [lost("A")] },
    { nextAt: inMinutes(0.5) },
  ],
  [
    "an exchange is lost, and one Item is unclaimed",
    { listed: [X], lost: [lost("A")] },
    { note: [X], nextAt: inMinutes(40) },
  ],
  [
    "a day after a lost exchange nothing was listed",
    { lost: [lost("A", { endedAt: minutes(24 * 60) })] },
    { giveUp: ["A"] },
  ],
  [
    "a day after a lost exchange an Item is listed",
    { listed: [X], lost: [lost("A", { endedAt: minutes(24 * 60) })] },
    { note: [X], nextAt: inMinutes(40) },
  ],
  [
    "what was removed a month ago is not listed",
    { sightings: [removed("X", 31 * 24 * 60)] },
    { drop: ["X"] },
  ],
];

test.each(table)("decide, when %s", (_case, books, expected) => {
  expect(decide({ ...agreed, ...books })).toEqual({ ...nothing, ...expected });
});

test("attemptOf matches the bank first, then an unknown bank, and never an Item that existed before", () => {
  const [here, unknown, elsewhere] = [
    lost("here"),
    lost("unknown", { institutionId: null }),
    lost("elsewhere", { institutionId: "ins_2" }),
  ];
  expect(attemptOf(old, [elsewhere, unknown, here])).toBe(here);
  expect(attemptOf(old, [elsewhere, unknown])).toBe(unknown);
  expect(attemptOf(old, [elsewhere])).toBeNull();
  expect(attemptOf(sighting("X", { firstSeenAt: minutes(91) }), [here])).toBeNull();
  expect(attemptOf(sighting("X", { firstSeenAt: minutes(89) }), [here])).toBe(here);
});

test("The reconciliation waits longer than the lifetime of a public_token", () => {
  expect(removalDelay).toBeGreaterThanOrEqual(40 * 60_000);
});
