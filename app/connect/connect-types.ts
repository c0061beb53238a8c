import type {
  ConnectAccountOutput,
  FinishUpdateModeOutput,
  LinkKind,
  LinkMetadata,
} from "../../server/contracts/connect.ts";
import type { ReasonDetails } from "../../server/contracts/reason-details.ts";
import type { Failure } from "../failure.ts";

/** What to open Link for. */
export interface OpenRequest {
  /** The Item to update; null for a new connection. */
  itemId: string | null;
  /** Whether Link asks which of the bank's accounts to share, even if the Item is healthy. */
  chooseAccounts?: boolean;
  /**
   * After the return from an OAuth bank's site: the link_token that Link was opened with before, and the full
   * URL that the bank redirected to. Null when Link opens for the first time.
   */
  returned: { linkToken: string; redirectUri: string } | null;
  /** The Item whose access has ended and whose accounts the new one takes over. */
  connectAgain?: string;
  /** What Link offers; a bank by default. */
  kind?: LinkKind;
}

/** A Link that is open, or whose result is being saved. */
export interface OpenLink {
  token: string;
  /** The Item to update; null for a new connection. */
  itemId: string | null;
  redirectUri: string | null;
}

/** What the server has to do after Link. Sending the same task twice is safe. */
export type Task = { linkToken: string } & (
  | {
      kind: "connect";
      publicToken: string;
      metadata: LinkMetadata;
      connectAnyway: boolean;
      /** The accounts that the user chose when the plan did not have room for all; null for all. */
      accountIds: string[] | null;
    }
  | { kind: "update"; itemId: string; linkSessionId: string | null; bank: string }
);

/** The states; see the table in `connect-machine.ts`. */
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
      /** Shown to the user if they choose no accounts. */
      failure: Failure;
      link: OpenLink | null;
    };

/** How many of these accounts the plan has room for. */
export type AccountRoom = NonNullable<ReasonDetails["limit_reached"]["choice"]>;

interface Work {
  task: Task;
  /** How often the task was sent again because the server was busy. */
  retries: number;
  /** Closed, but kept until the run ends for the events it still reports. Null after "Try again". */
  link: OpenLink | null;
}

/** An Item that was just connected or updated: its card is highlighted as soon as the page shows it. */
export interface Arrival {
  itemId: string;
  bank: string;
  accountCount: number;
  /** Accounts that are listed as not connected. */
  notConnected: number;
}

export interface ConnectState {
  /** Counts the runs: the response to an earlier one is ignored. */
  run: number;
  step: Step;
  /** The Item that was just connected; null again after a few seconds. */
  arrival: Arrival | null;
  /** The Item whose connected accounts are being changed; null for none. */
  changing: string | null;
}

/** Where a button leads. `current`: the page is loaded again. */
export type VisitedPage = "login" | "plans" | "secondFactor" | "current";

/** An action of the user, Link, the server or a timer. `run`: the run that it belongs to. */
export type ConnectEvent =
  | { type: "open"; request: OpenRequest }
  | { type: "retry"; task: Task }
  | { type: "visit"; page: VisitedPage }
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

/** Why Link was closed. `message`: Plaid's message for the user, where there is one. */
export interface LinkError {
  code: string;
  message: string | null;
}

/**
 * A toast whose buttons are events, or a dialog if there are `accounts` to list. The first button is the
 * recommended one.
 */
export interface ConnectProblem {
  title: string;
  message: string;
  /** The accounts to decide about, each as its name and last digits. */
  accounts?: string[];
  requestId?: string | null;
  actions: [ConnectAction, ...ConnectAction[]];
}

/** A button, and what it does. */
export interface ConnectAction {
  label: string;
  event: ConnectEvent;
}

/** The effect of a transition; `perform-effect.ts` runs it. */
export type ConnectEffect =
  | { do: "openLink"; run: number; request: OpenRequest }
  | { do: "callServer"; run: number; task: Task }
  | { do: "sendLater"; milliseconds: number; event: ConnectEvent }
  | { do: "showSuccess"; message: string }
  | { do: "showProblem"; problem: ConnectProblem }
  | { do: "hideToast" }
  /** Notifies every tab of this browser that the user's accounts, or the room for them, changed. */
  | { do: "announce" }
  | { do: "showDashboard" }
  | { do: "visit"; page: VisitedPage };
