import { expect, test } from "vitest";
import { reasons } from "../../server/contracts/errors.ts";
import { itemProblems } from "../../server/contracts/item-problem.ts";

/** What a user can do; "We" and "New transactions come" say that there is nothing to do. */
const step =
  /(?:^|[.:,;] |\b(?:then|and|or|can|Please) )(?:Log|log|Try|try|Wait|wait|Leave|Open|open|Connect|connect|Reconnect|Choose|choose|Confirm|Remove|Revoke|Make|make|Send|Set|Use|Check|Correct|Enable|Type|Close|Reload|look|disconnect|have the link|we (?:finish|clean up|keep)|We keep|New transactions come)\b/;

test("Every reason says what to do next", () => {
  const silent = Object.entries({ ...reasons, ...itemProblems }).filter(
    ([, { message }]) => !step.test(message),
  );
  expect(silent.map(([reason]) => reason)).toEqual([]);
});
