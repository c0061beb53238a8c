import type {
  ConnectAccountOutput,
  FinishUpdateModeOutput,
  LinkKind,
  LinkMetadata,
} from "../../server/contracts/connect.ts";
import type { ReasonDetails } from "../../server/contracts/reason-details.ts";
import type { Failure } from "../failure.ts";

/** What Link is to be opened for. */
export interface OpenRequest {
  /** The Item to update; null for a new connection. */
  itemId: string | null;
  /** Link asks which of the bank's accounts are shared, also where the Item is healthy. */
  chooseAccounts?: boolean;
  /**
   * After an OAuth bank's own site: the link_token that Link was opened with before, and the full
   * address the bank returned to. Null when Link opens for the first time.
   */
  returned: { linkToken: string; redirectUri: string } | null;
  /** The Item whose access has ended, and whose accounts the new one takes over. */
  connectAgain?: string;
  /** What Link is to offer; a bank unless it is said. */
  kind?: LinkKind;
}

/** A Link that is open, or whose result is being saved. */
export interface OpenLink {
  token: string;
  /** The Item that it updates; null for a new connection. */
  itemId: string | null;
  redirectUri: string | null;
}

/** What the server has to do after Link. Sending the same task again is safe. */
export type Task = { linkToken: string } & (
  | {
      kind: "connect";
      publicToken: string;
      metadata: LinkMetadata;
      connectAnyway: boolean;
      /** The accounts that the user chose among those that the plan has no room for; null: all. */
      accountIds: string[] | null;
    }
  | { kind: "update"; itemId: string; linkSessionId: string | null; bank: string }
);

/** The states; the table in `connect-machine.ts` says what each one means. */
export type Step =
  | { name: "idle" }
  | { name: "opening"; request: OpenRequest }
  | { name: "linking"; link: OpenLink }
  | ({ name: "finishing" } & Work)
  | ({ name: "waiting"; milliseconds: number } & Work)
  | {
      name: "choosing";
      task: Extract<Task, { kind: "connect" }>;
      choice: AccountRoom;
      /** What the user reads who chooses none. */
      failure: Failure;
      link: OpenLink | null;
    };

/** How many of these accounts the plan has room for. */
export type AccountRoom = NonNullable<ReasonDetails["limit_reached"]["choice"]>;

interface Work {
  task: Task;
  /** How often the task was sent again because the server was busy. */
  retries: number;
  /** Closed, but kept until the run ends, for the events it still reports. Null after "Try again". */
  link: OpenLink | null;
}

/** An Item that was just connected or updated: its card is highlighted as soon as the page has it. */
export interface Arrival {
  itemId: string;
  bank: string;
  accountCount: number;
  /** Accounts that are listed as not connected. */
  notConnected: number;
}

export interface ConnectState {
  /** Counts the runs: an answer to an earlier one is ignored. */
  run: number;
  step: Step;
  /** The Item that just came; null again after a few seconds. */
  arrival: Arrival | null;
  /** The Item whose connected accounts are being changed; null: none. */
  changing: string | null;
}

/** What the user, Link, the server or the clock did. `run`: the run that it belongs to. */
export type ConnectEvent =
  | { type: "open"; request: OpenRequest }
  | { type: "retry"; task: Task }
  | { type: "visit"; page: "login" | "plans" | "secondFactor" }
  | { type: "leave" }
  | { type: "changeAccounts"; itemId: string | null }
  | { type: "opened"; run: number; linkToken: string }
  | { type: "succeeded"; run: number; publicToken: string | null; metadata: LinkMetadata }
  | { type: "exited"; run: number; error: LinkError | null; metadata: LinkMetadata }
  | { type: "finished"; run: number; result: ConnectAccountOutput | FinishUpdateModeOutput }
  | { type: "failed"; run: number; failure: Failure }
  | { type: "waited"; run: number }
  | { type: "chose"; run: number; accountIds: string[] }
  | { type: "choseNone"; run: number }
  | { type: "arrivalFaded"; arrival: Arrival };

/** Why Link was left. `message`: Plaid's own sentence for the user, where it has one. */
export interface LinkError {
  code: string;
  message: string | null;
}

/** A toast whose buttons are events; with `accounts` a dialog that lists them. The first button is the one to take. */
export interface ConnectProblem {
  title: string;
  message: string;
  /** What there is to decide about, each as its name and last digits. */
  accounts?: string[];
  requestId?: string | null;
  actions: { label: string; event: ConnectEvent }[];
}

/** What a transition asks for; `perform-effect.ts` does it. */
export type ConnectEffect =
  | { do: "openLink"; run: number; request: OpenRequest }
  | { do: "callServer"; run: number; task: Task }
  | { do: "sendLater"; milliseconds: number; event: ConnectEvent }
  | { do: "showSuccess"; message: string }
  | { do: "showProblem"; problem: ConnectProblem }
  | { do: "hideToast" }
  /** Tells every tab of this browser that the user's accounts, or the room for them, have changed. */
  | { do: "announce" }
  | { do: "showDashboard" }
  | { do: "visit"; page: "login" | "plans" | "secondFactor" };
