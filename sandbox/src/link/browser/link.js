// @ts-check
/** Link's dialog: one pane at a time, from consent to the accounts. */
import { post } from "./dom.js";
import {
  accountsPane,
  banksPane,
  busyPane,
  codePane,
  consentPane,
  credentialsPane,
  errorPane,
  leavePane,
  morePane,
  questionsPane,
  waitPane,
} from "./panes.js";

const POLL_MS = 400;
const sheet = /** @type {HTMLElement} */ (document.getElementById("sheet"));
const status = /** @type {HTMLElement} */ (document.getElementById("status"));

/** @typedef {{ institution_id: string, name: string, host: string, primary_color: string, oauth: boolean }} Bank */

/** What the open Link knows. A new one for every opening. */
function newVisit() {
  return {
    link_session_id: "",
    request_id: "",
    client_name: "",
    update_mode: false,
    /** OAuth banks open in a window of their own; else the whole page goes there and back. */
    popup: false,
    /** @type {Bank[]} */
    banks: [],
    /** @type {Bank | null} */
    bank: null,
    /** Where the user stands, in Plaid's words for onExit. @type {string | null} */
    status: null,
    /** @type {{ error_type: string, error_code: string, error_message: string, display_message: string | null } | null} */
    error: null,
    /** @type {object[]} */
    events: [],
    /** Banks connected so far, in a Multi-Item session. */
    connected: 0,
    over: false,
  };
}

let visit = newVisit();
/** The page that embeds Link; the first message fixes it. */
let hostOrigin = "";

window.addEventListener("message", (event) => {
  if (event.source !== window.parent || event.source === window) return;
  if (hostOrigin !== "" && event.origin !== hostOrigin) return;
  const message = event.data;
  if (message?.type === "open") {
    hostOrigin = event.origin;
    void open(message);
  } else if (message?.type === "exit") {
    void exit();
  }
});

// Says nothing but "ready", so it may go to whoever embeds the page.
window.parent.postMessage({ type: "ready" }, "*");

/** @param {{ type: string, [field: string]: unknown }} message */
function tell(message) {
  window.parent.postMessage(message, hostOrigin);
}

/**
 * Writes an event down, with every key of Plaid's metadata, and gives the message that tells it.
 * @param {string} name
 * @param {Record<string, unknown>} [details]
 */
function record(name, details = {}) {
  const metadata = {
    account_number_mask: null,
    error_code: null,
    error_message: null,
    error_type: null,
    exit_status: null,
    institution_id: visit.bank?.institution_id ?? null,
    institution_name: visit.bank?.name ?? null,
    institution_search_query: null,
    is_update_mode: visit.update_mode ? "true" : "false",
    link_session_id: visit.link_session_id,
    match_reason: null,
    mfa_type: null,
    request_id: visit.request_id,
    routing_number: null,
    selection: null,
    timestamp: new Date().toISOString(),
    view_name: null,
    ...details,
  };
  const { timestamp, link_session_id, is_update_mode, ...rest } = metadata;
  const told = Object.fromEntries(
    Object.entries(rest).filter(([, value]) => typeof value === "string"),
  );
  const event_id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
  visit.events.push({ event_name: name, event_id, timestamp, event_metadata: told });
  return { type: "event", name, metadata };
}

/**
 * Writes an event down and tells it.
 * @param {string} name
 * @param {Record<string, unknown>} [details]
 */
function report(name, details) {
  tell(record(name, details));
}

/**
 * Shows a pane and moves the focus to its heading, or to what it marks.
 * @param {string} view Plaid's name for it
 * @param {Node} pane
 */
function show(view, pane) {
  sheet.replaceChildren(pane);
  const heading = /** @type {HTMLElement | null} */ (
    sheet.querySelector("[data-focus]") ?? sheet.querySelector("h1")
  );
  heading?.focus({ preventScroll: true });
  report("TRANSITION_VIEW", { view_name: view });
}

/**
 * Asks the server for a step. `null` when this visit ended meanwhile.
 * @param {string} step
 * @param {object} [fields]
 */
async function ask(step, fields = {}) {
  const asking = visit;
  const answer = await post(`/link/session/${step}`, {
    link_session_id: asking.link_session_id,
    ...fields,
  });
  if (asking !== visit || asking.over) return null;
  visit.request_id = answer.request_id;
  if (answer.outcome === "error") {
    const { error_type, error_code, error_message } = answer.error;
    report("ERROR", { error_type, error_code, error_message });
  }
  return answer;
}

/** @param {{ token?: unknown, received_redirect_uri?: unknown, institution_id?: unknown }} message */
async function open({ token, received_redirect_uri, institution_id = null }) {
  visit = newVisit();
  sheet.replaceChildren(busyPane(actions, "Opening"));
  const answer = await ask("start", { link_token: token, received_redirect_uri, institution_id });
  if (!answer) return;
  Object.assign(visit, {
    link_session_id: answer.link_session_id ?? "",
    client_name: answer.client_name ?? "",
    update_mode: answer.update_mode ?? false,
    popup: answer.oauth_window === "popup",
    banks: answer.institutions ?? [],
    bank: answer.institution ?? null,
  });
  report("OPEN");
  if (answer.outcome === "error") fail(answer.error);
  else if (answer.outcome === "accounts") showAccounts(answer);
  else if (answer.outcome === "pending") showBanks();
  else show("CONSENT", consentPane(actions, visit));
}

function showBanks() {
  visit.bank = null;
  visit.status = "institution_not_found";
  show("SELECT_INSTITUTION", banksPane(actions, visit));
}

/** @param {Bank} bank */
async function chooseBank(bank) {
  visit.bank = bank;
  report("SELECT_INSTITUTION");
  const answer = await ask("institution", { institution_id: bank.institution_id });
  if (!answer) return;
  if (answer.outcome === "error") return fail(answer.error);
  showLogIn();
}

function showLogIn() {
  if (visit.bank?.oauth) {
    visit.status = "requires_oauth";
    show("OAUTH", leavePane(actions, visit));
  } else {
    visit.status = "requires_credentials";
    show("CREDENTIAL", credentialsPane(actions, visit));
  }
}

/** Codes that a user can put right on the same pane. */
const CORRECTABLE = ["INVALID_CREDENTIALS", "INVALID_UPDATED_USERNAME", "INVALID_MFA"];

/**
 * What follows a log-in attempt. Gives the sentence to show beside the form, or null.
 * @param {any} answer
 */
function afterLogIn(answer) {
  if (!answer) return null;
  if (answer.outcome === "error") {
    if (CORRECTABLE.includes(answer.error.error_code)) {
      return answer.error.display_message ?? answer.error.error_message;
    }
    fail(answer.error);
  } else if (answer.outcome === "code") {
    visit.status = "requires_code";
    show("MFA", codePane(actions, visit));
  } else if (answer.outcome === "questions") {
    visit.status = `requires_${answer.kind}`;
    show("MFA", questionsPane(actions, visit, answer));
  } else if (answer.outcome === "accounts") {
    showAccounts(answer);
  }
  return null;
}

/** @param {any} answer */
function showAccounts(answer) {
  visit.status = "requires_account_selection";
  if (!answer.pick) {
    void connect(answer.accounts.map((/** @type {{ id: number }} */ account) => account.id));
    return;
  }
  show("SELECT_ACCOUNT", accountsPane(actions, visit, answer.accounts));
}

/** @param {number[]} account_ids */
async function connect(account_ids) {
  show("LOADING", busyPane(actions, "Connecting your accounts"));
  // Written down before the server gets the list, told only when there is something to hand off.
  const handoff = record("HANDOFF");
  const answer = await ask("connect", { account_ids, events: visit.events });
  if (!answer) return;
  if (answer.outcome === "error") return fail(answer.error);
  if (answer.more) {
    visit.connected += 1;
    return show("ITEM_ADDED", morePane(actions, visit, visit.connected));
  }
  tell(handoff);
  succeed(answer);
}

/** Ends a Multi-Item session. */
async function finish() {
  const handoff = record("HANDOFF");
  const answer = await ask("finish", { events: visit.events });
  if (!answer) return;
  if (answer.outcome === "error") return fail(answer.error);
  tell(handoff);
  succeed(answer);
}

/** @param {any} answer */
function succeed({ public_token, metadata }) {
  visit.over = true;
  const [only] = metadata.accounts.length === 1 ? metadata.accounts : [null];
  tell({
    type: "success",
    public_token,
    metadata: {
      ...metadata,
      public_token,
      // Kept by Plaid's script for old callers: filled when just one account was chosen.
      account: only ?? {
        id: null,
        name: null,
        mask: null,
        type: null,
        subtype: null,
        verification_status: null,
        class_type: null,
      },
      account_id: only?.id ?? null,
    },
  });
  sheet.replaceChildren();
}

/** @param {any} error */
function fail(error) {
  const { error_type, error_code, error_message, display_message } = error;
  visit.error = { error_type, error_code, error_message, display_message };
  show("ERROR", errorPane(actions, visit, error));
}

async function exit() {
  if (visit.over) return;
  const leaving = visit;
  const { error_type = null, error_code = null, error_message = null } = visit.error ?? {};
  report("EXIT", { exit_status: visit.status, error_type, error_code, error_message });
  leaving.over = true;
  const answer = leaving.link_session_id
    ? await post("/link/session/exit", {
        link_session_id: leaving.link_session_id,
        status: leaving.status,
        error: leaving.error,
        events: leaving.events,
      })
    : null;
  const institution = leaving.bank && {
    name: leaving.bank.name,
    institution_id: leaving.bank.institution_id,
  };
  const metadata = answer?.metadata ?? {
    institution,
    status: leaving.status,
    link_session_id: leaving.link_session_id,
    request_id: leaving.request_id,
  };
  tell({ type: "exit", error: leaving.error, metadata });
  if (visit === leaving) sheet.replaceChildren();
}

async function startOAuth() {
  // The window has to open in the click itself, or browsers block it.
  const popup = visit.popup
    ? window.open("about:blank", "plaid-oauth", "popup,width=480,height=720")
    : null;
  report("OPEN_OAUTH");
  const answer = await ask("oauth");
  if (!answer) return;
  if (answer.outcome === "error") return fail(answer.error);
  if (!visit.popup) return tell({ type: "redirect", path: answer.path });
  if (popup) popup.location.href = answer.path;
  show("LOADING", waitPane(actions, visit, answer.path));
  await followOAuth(visit, popup);
}

/**
 * Asks until the bank's window has an answer.
 * @param {Visit} asking
 * @param {Window | null} popup
 */
async function followOAuth(asking, popup) {
  while (visit === asking && !asking.over) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    if (visit !== asking || asking.over) return;
    const answer = await ask("oauth-state");
    if (!answer) return;
    if (answer.outcome === "pending" && !popup?.closed) continue;
    report("CLOSE_OAUTH");
    if (answer.outcome === "pending") return showLogIn();
    afterLogIn(answer);
    return;
  }
}

/** What the panes can do. */
const actions = {
  exit: () => void exit(),
  finish: () => void finish(),
  consent: () => (visit.bank ? showLogIn() : showBanks()),
  showBanks,
  /** @param {Bank} bank */
  chooseBank: (bank) => void chooseBank(bank),
  /** @param {string} query */
  searched: (query) => report("SEARCH_INSTITUTION", { institution_search_query: query }),
  /** @param {string} username @param {string} password */
  async submitCredentials(username, password) {
    report("SUBMIT_CREDENTIALS");
    return afterLogIn(await ask("log-in", { username, password }));
  },
  /** @param {string} code */
  async submitCode(code) {
    report("SUBMIT_MFA", { mfa_type: "code" });
    return afterLogIn(await ask("code", { code }));
  },
  /** @param {string} kind @param {string[]} answers */
  async submitStep(kind, answers) {
    report("SUBMIT_MFA", { mfa_type: kind });
    return afterLogIn(await ask("answers", { answers }));
  },
  startOAuth: () => void startOAuth(),
  /** @param {number[]} ids */
  connect: (ids) => void connect(ids),
  /** Back to the log-in after an error. */
  retry: () => {
    visit.error = null;
    if (visit.bank) showLogIn();
    else showBanks();
  },
  /** @param {string} sentence */
  announce: (sentence) => {
    status.textContent = sentence;
  },
};

/** @typedef {typeof actions} Actions */
/** @typedef {ReturnType<typeof newVisit>} Visit */

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") void exit();
});
