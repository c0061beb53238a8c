import { transition } from "../../app/connect/connect-machine.ts";
import type {
  ConnectEffect,
  ConnectEvent,
  ConnectState,
  OpenRequest,
  Step,
  Task,
} from "../../app/connect/connect-types.ts";
import type { Failure } from "../../app/failure.ts";
import type {
  ConnectAccountOutput,
  FinishUpdateModeOutput,
  LinkMetadata,
} from "../../server/contracts/connect.ts";
import { type Reason, reasons } from "../../server/contracts/errors.ts";

/** Inputs of the connect machine for its unit tests. */

export const itemId = "00000000-0000-4000-8000-000000000001";
export const requestNew: OpenRequest = { itemId: null, returned: null };
export const requestUpdate: OpenRequest = { itemId, returned: null };
export const requestReturned: OpenRequest = {
  itemId: null,
  returned: { linkToken: "link-1", redirectUri: "https://x.test/connect/oauth?oauth_state_id=1" },
};

export const metadata: LinkMetadata = {
  institution: { institutionId: "ins_1", name: "Mill Bank" },
  accounts: [{ id: "a1" }, { id: "a2" }],
  linkSessionId: "s1",
};
export const connectTask: Extract<Task, { kind: "connect" }> = {
  kind: "connect",
  linkToken: "link-1",
  publicToken: "public-sandbox-1",
  metadata,
  connectAnyway: false,
  accountIds: null,
};
export const updateTask: Task = {
  kind: "update",
  linkToken: "link-1",
  itemId,
  linkSessionId: "s1",
  bank: "Mill Bank",
};

/** The failure that `toFailure` creates from a response with this reason. */
export const failure = (reason: Reason, details?: unknown): Failure => ({
  reason,
  message: reasons[reason].message,
  requestId: "r1",
  details,
  retryable: reasons[reason].retryable,
});
export const noAnswer: Failure = {
  reason: "network",
  message: "No connection",
  requestId: null,
  details: undefined,
  retryable: true,
};
export const busy = (retryAfterSeconds: number) => failure("busy", { retryAfterSeconds });
export const limit = (used: number) =>
  failure("limit_reached", { plan: "Intern", limit: 2, used, wanted: 3 });
/** Some of the accounts fit. */
export const limitWithChoice = failure("limit_reached", {
  ...{ plan: "Intern", limit: 2, used: 1, wanted: 2 },
  choice: {
    room: 1,
    accounts: ["a1", "a2"].map((id) => ({ id, name: id, mask: null, type: null, subtype: null })),
  },
});
export const duplicate = (mayConnectAnyway: boolean) =>
  failure("duplicate_accounts", {
    itemId,
    institutionName: "Mill Bank",
    accounts: [{ id: "a1", name: "Checking", mask: "0000" }],
    mayConnectAnyway,
    offeredCount: 1,
    newCount: 0,
  });

// The machine reads only the Item's id, its bank's name and the number of accounts.
const item = {
  ...{ id: itemId, institution: { name: "Mill Bank" }, notConnected: [] as object[] },
} as ConnectAccountOutput["item"];
const accounts = [{}, {}] as ConnectAccountOutput["accounts"];
export const connected = (outcome: ConnectAccountOutput["outcome"]): ConnectAccountOutput => ({
  outcome,
  item,
  accounts,
});
export const updated = (added: number): FinishUpdateModeOutput => ({ item, accounts, added });

/** States of the machine in its run 7, and events of that run. */
export const run = 7;
export const linkNew = { token: "link-1", itemId: null, redirectUri: null };
export const linkUpdate = { token: "link-1", itemId, redirectUri: null };

export const idle: Step = { name: "idle" };
export const opening = (request = requestNew): Step => ({ name: "opening", request });
export const linking = (link: typeof linkNew | typeof linkUpdate = linkNew): Step => ({
  name: "linking",
  link,
});
export const finishing = (retries = 0): Step => ({
  name: "finishing",
  task: connectTask,
  retries,
  link: linkNew,
});
export const updating: Step = { name: "finishing", task: updateTask, retries: 0, link: linkUpdate };
export const waiting = {
  name: "waiting",
  task: connectTask,
  retries: 0,
  link: linkNew,
  milliseconds: 3000,
} satisfies Step;

export const choosing = {
  name: "choosing",
  task: connectTask,
  choice: { room: 1, accounts: [] },
  failure: limitWithChoice,
  link: linkNew,
} satisfies Step;

export const at = (step: Step): ConnectState => ({ run, step, arrival: null, changing: null });
export const resultOf = (step: Step, event: ConnectEvent) => transition(at(step), event);

/** An effect as one word; a toast with its title and buttons. */
export const describe = (effect: ConnectEffect) => {
  if (effect.do === "showSuccess") return `success: ${effect.message}`;
  if (effect.do !== "showProblem") return effect.do;
  const { title, actions } = effect.problem;
  return `problem: ${title} [${actions.map(({ label }) => label).join(", ")}]`;
};
/** The next state and the effects, for each line of a table. */
export const outcome = (step: Step, event: ConnectEvent) => {
  const [next, effects] = resultOf(step, event);
  return [next.step.name, ...effects.map(describe)];
};

export const opened = { type: "opened", run, linkToken: "link-1" } satisfies ConnectEvent;
export const succeeded = {
  type: "succeeded",
  run,
  publicToken: "public-sandbox-1",
  metadata,
} satisfies ConnectEvent;
export const exited = { type: "exited", run, error: null, metadata } satisfies ConnectEvent;
export const exitedWith = (code: string, message: string | null = null): ConnectEvent => ({
  ...exited,
  error: { code, message },
});
export const failed = (cause: typeof noAnswer): ConnectEvent => ({
  type: "failed",
  run,
  failure: cause,
});
export const finished = {
  type: "finished",
  run,
  result: connected("connected"),
} satisfies ConnectEvent;
export const chose = { type: "chose", run, accountIds: ["a2"] } satisfies ConnectEvent;
export const choseNone = { type: "choseNone", run } satisfies ConnectEvent;
export const waited = { type: "waited", run } satisfies ConnectEvent;
export const open: ConnectEvent = { type: "open", request: requestNew };
export const retry: ConnectEvent = { type: "retry", task: connectTask };
