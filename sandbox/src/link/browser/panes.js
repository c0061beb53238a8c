// @ts-check
/** What Link shows: each function draws one pane. None of them asks the server. */
import { h, ICONS, icon } from "./dom.js";
import { choice, field, form, primary } from "./form.js";

/** @typedef {import("./link.js").Actions} Actions */
/** @typedef {import("./link.js").Visit} Visit */
/** @typedef {import("./link.js").Bank} Bank */
/** @typedef {{ id: number, name: string, mask: string | null, subtype: string, current: number | null, currency: string, checked: boolean }} Account */

/**
 * The frame of every pane: a bar with the way back and the way out, then what the pane holds.
 * @param {Actions} actions
 * @param {{ back?: (() => void) | null, class?: string }} options
 * @param {...(Node | string | null)} content
 */
function pane(actions, options, ...content) {
  const back = options.back
    ? h(
        "button",
        { type: "button", class: "icon", "aria-label": "Back", onclick: options.back },
        icon(ICONS.back),
      )
    : h("span", { class: "icon" });
  return h(
    "section",
    { class: `pane ${options.class ?? ""}` },
    h(
      "header",
      { class: "bar" },
      back,
      h("span", { class: "wordmark", "aria-hidden": "true" }, "link"),
      h(
        "button",
        { type: "button", class: "icon", "aria-label": "Close", onclick: actions.exit },
        icon(ICONS.close),
      ),
    ),
    ...content,
  );
}

/** @param {string} text */
const title = (text) => h("h1", { tabindex: "-1" }, text);

/** @param {Bank} bank */
function logo(bank) {
  return h("img", {
    class: "logo",
    src: `/link/logos/${bank.institution_id}.png`,
    alt: "",
    width: "40",
    height: "40",
  });
}

/** @param {Bank | null} bank */
function bankMark(bank) {
  return bank ? h("div", { class: "mark" }, logo(bank)) : null;
}

/** @param {Actions} actions @param {string} label */
export function busyPane(actions, label) {
  return pane(
    actions,
    { class: "busy" },
    h("div", { class: "spinner", "aria-hidden": "true" }),
    h("h1", { tabindex: "-1", "aria-live": "polite" }, `${label}…`),
  );
}

/** @param {Actions} actions @param {Visit} visit */
export function consentPane(actions, visit) {
  const promises = [
    [
      ICONS.eye,
      "You choose what to share",
      "Pick the accounts at the end. Nothing is shared before.",
    ],
    [
      ICONS.lock,
      "Your log-in stays here",
      `${visit.client_name} never sees your username or password.`,
    ],
  ];
  const name = visit.client_name;
  const bank = visit.bank?.name;
  const heading = visit.update_mode
    ? `Reconnect ${bank ?? "your bank"} to ${name}`
    : `${name} uses Plaid to connect your accounts`;
  return pane(
    actions,
    { class: "consent" },
    visit.bank ? bankMark(visit.bank) : h("div", { class: "mark shield" }, icon(ICONS.shield)),
    title(heading),
    h(
      "ul",
      { class: "promises" },
      ...promises.map(([path = "", strong = "", rest = ""]) =>
        h("li", {}, icon(path), h("div", {}, h("strong", {}, strong), h("p", {}, rest))),
      ),
    ),
    h(
      "div",
      { class: "foot" },
      h(
        "p",
        { class: "small" },
        "By continuing you agree that this is a rehearsal: every bank here is made up.",
      ),
      primary("Continue", { onclick: actions.consent }),
    ),
  );
}

/**
 * A search field and the banks it finds.
 * @param {Bank[]} banks
 * @param {{ choose: (bank: Bank) => void, searched: (query: string) => void, announce: (sentence: string) => void }} actions
 * @returns {HTMLElement[]}
 */
export function bankSearch(banks, { choose, searched, announce }) {
  const list = h("ul", { class: "banks" });
  const empty = h(
    "p",
    { class: "empty", hidden: true },
    "No bank by that name. Check the spelling.",
  );
  /** @param {string} query */
  const fill = (query) => {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const found = banks.filter((bank) =>
      words.every((word) => bank.name.toLowerCase().includes(word)),
    );
    list.replaceChildren(
      ...found.map((bank) =>
        h(
          "li",
          {},
          h(
            "button",
            { type: "button", class: "bank", onclick: () => choose(bank) },
            logo(bank),
            h("span", { class: "bank-name" }, bank.name),
            h("span", { class: "bank-host", "aria-hidden": "true" }, bank.host),
          ),
        ),
      ),
    );
    empty.hidden = found.length > 0;
    if (query !== "") announce(found.length === 1 ? "1 bank" : `${found.length} banks`);
  };
  fill("");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let settle;
  const search = h("input", {
    type: "search",
    "aria-label": "Search for your bank",
    placeholder: "Search for your bank",
    autocomplete: "off",
    spellcheck: "false",
    "data-focus": true,
    oninput: (/** @type {Event} */ event) => {
      const query = /** @type {HTMLInputElement} */ (event.target).value.trim();
      fill(query);
      clearTimeout(settle);
      if (query !== "") settle = setTimeout(() => searched(query), 400);
    },
  });
  return [
    h("div", { class: "search" }, icon(ICONS.search), search),
    h("div", { class: "scroll" }, list, empty),
  ];
}

/** @param {Actions} actions @param {Visit} visit */
export function banksPane(actions, visit) {
  const { chooseBank: choose, searched, announce } = actions;
  return pane(
    actions,
    { class: "choose" },
    title("Select your bank"),
    ...bankSearch(visit.banks, { choose, searched, announce }),
  );
}

/** Multi-Item Link: after each bank. @param {Actions} actions @param {Visit} visit @param {number} count */
export function morePane(actions, visit, count) {
  return pane(
    actions,
    { class: "leave" },
    title(count === 1 ? "1 bank connected" : `${count} banks connected`),
    h("p", { class: "lead" }, `Connect another bank to ${visit.client_name}, or finish here.`),
    h(
      "div",
      { class: "foot" },
      h(
        "button",
        { type: "button", class: "quiet", onclick: actions.showBanks },
        "Connect another bank",
      ),
      primary("Finish", { onclick: actions.finish }),
    ),
  );
}

/** @param {Actions} actions @param {Visit} visit */
export function credentialsPane(actions, visit) {
  return pane(
    actions,
    { back: visit.update_mode ? null : actions.showBanks, class: "log-in" },
    bankMark(visit.bank),
    title(`Log in to ${visit.bank?.name ?? "your bank"}`),
    form(
      [
        field("Username", { placeholder: "user_good", "data-focus": true }),
        field("Password", { type: "password", placeholder: "pass_good" }),
      ],
      "Log in",
      (data) =>
        actions.submitCredentials(String(data.get("username")), String(data.get("password"))),
    ),
  );
}

/** @param {Actions} actions @param {Visit} visit */
export function codePane(actions, visit) {
  return pane(
    actions,
    { back: actions.retry, class: "log-in" },
    bankMark(visit.bank),
    title("Enter your one-time code"),
    h(
      "p",
      { class: "lead" },
      `${visit.bank?.name ?? "Your bank"} has sent a code to the phone ending in 42.`,
    ),
    form(
      [field("Code", { inputmode: "numeric", placeholder: "1234", "data-focus": true })],
      "Continue",
      (data) => actions.submitCode(String(data.get("code"))),
    ),
  );
}

/**
 * What a bank asks beside the password.
 * @param {Actions} actions
 * @param {Visit} visit
 * @param {{ kind: string, questions: { label: string, options: string[] | null }[] }} asked
 */
export function questionsPane(actions, visit, { kind, questions }) {
  return pane(
    actions,
    { back: actions.retry, class: "log-in" },
    bankMark(visit.bank),
    title("Answer your bank's questions"),
    h("p", { class: "lead" }, `${visit.bank?.name ?? "Your bank"} asks before it lets you in.`),
    form(
      questions.map(({ label, options }, index) =>
        options
          ? choice(label, `answer-${index}`, options)
          : field(label, { name: `answer-${index}`, "data-focus": index === 0 }),
      ),
      "Continue",
      (data) =>
        actions.submitStep(
          kind,
          questions.map((_question, index) => String(data.get(`answer-${index}`) ?? "")),
        ),
    ),
  );
}

/** Before an OAuth bank's own page. @param {Actions} actions @param {Visit} visit */
export function leavePane(actions, visit) {
  const name = visit.bank?.name ?? "your bank";
  return pane(
    actions,
    { back: visit.update_mode ? null : actions.showBanks, class: "leave" },
    bankMark(visit.bank),
    title(`Log in at ${name}`),
    h(
      "p",
      { class: "lead" },
      `You will go to ${name} to log in, and come back here to choose your accounts.`,
    ),
    h("div", { class: "foot" }, primary("Continue", { onclick: actions.startOAuth })),
  );
}

/** While the bank's window is open. @param {Actions} actions @param {Visit} visit @param {string} path */
export function waitPane(actions, visit, path) {
  const name = visit.bank?.name ?? "your bank";
  return pane(
    actions,
    { back: actions.retry, class: "busy" },
    h("div", { class: "spinner", "aria-hidden": "true" }),
    title(`Waiting for ${name}…`),
    h("p", { class: "lead" }, "Log in in the window that has opened."),
    h(
      "a",
      { class: "link-button", href: path, target: "plaid-oauth", rel: "opener" },
      "The window did not open?",
    ),
  );
}

/** @param {Account} account */
function balance(account) {
  if (account.current === null) return "";
  return new Intl.NumberFormat("en", { style: "currency", currency: account.currency }).format(
    account.current,
  );
}

const ABBREVIATIONS = ["cd", "hsa", "ira", "isa", "tfsa"];

/** @param {string} subtype */
function subtypeName(subtype) {
  const words = subtype
    .split(" ")
    .map((word) => (ABBREVIATIONS.includes(word) ? word.toUpperCase() : word));
  const name = words.join(" ");
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** @param {Actions} actions @param {Visit} visit @param {Account[]} accounts */
export function accountsPane(actions, visit, accounts) {
  const button = /** @type {HTMLButtonElement} */ (primary("Connect accounts", { type: "submit" }));
  const form = h(
    "form",
    {
      class: "accounts",
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        actions.connect(chosen());
      },
      onchange: () => {
        button.disabled = chosen().length === 0;
      },
    },
    h(
      "fieldset",
      { class: "scroll" },
      h("legend", { class: "unseen" }, "Accounts to share"),
      ...accounts.map((account) => {
        const id = `account-${account.id}`;
        return h(
          "div",
          { class: "account" },
          h("input", {
            type: "checkbox",
            id,
            name: "account",
            value: account.id,
            checked: account.checked,
            "aria-describedby": `${id}-more`,
          }),
          h(
            "label",
            { for: id },
            h("span", { class: "account-name" }, account.name),
            account.mask === null ? null : h("span", { class: "mask" }, ` •••• ${account.mask}`),
          ),
          h(
            "span",
            { class: "more", id: `${id}-more` },
            h("span", { class: "balance" }, balance(account)),
            h("span", { class: "subtype" }, subtypeName(account.subtype)),
          ),
        );
      }),
    ),
    h(
      "div",
      { class: "foot" },
      h(
        "p",
        { class: "small" },
        `${visit.client_name} will see balances and transactions of the accounts you choose.`,
      ),
      button,
    ),
  );
  /** @returns {number[]} */
  const chosen = () =>
    new FormData(/** @type {HTMLFormElement} */ (form)).getAll("account").map(Number);
  button.disabled = !accounts.some((account) => account.checked);
  return pane(
    actions,
    { class: "select" },
    bankMark(visit.bank),
    title("Choose your accounts"),
    form,
  );
}

/** Sentences for what a user can meet; the rest get a general one. */
const HEADINGS = /** @type {Record<string, string>} */ ({
  ITEM_LOCKED: "Your account is locked",
  ACCESS_NOT_GRANTED: "You did not allow access",
  NO_ACCOUNTS: "No accounts to connect",
  INVALID_LINK_TOKEN: "This session has ended",
  INSTITUTION_DOWN: "Your bank is not responding",
  INSTITUTION_NO_LONGER_SUPPORTED: "Your bank is no longer supported",
  PRODUCTS_NOT_SUPPORTED: "Your bank does not support this",
  INSTITUTION_NOT_RESPONDING: "Your bank is not responding",
});

const CANNOT_RETRY = [
  "INVALID_LINK_TOKEN",
  "OAUTH_STATE_ID_NOT_FOUND",
  "OAUTH_STATE_ID_ALREADY_PROCESSED",
  "INCORRECT_LINK_TOKEN",
];

/** @param {Actions} actions @param {Visit} visit @param {any} error */
export function errorPane(actions, visit, error) {
  const sentence = error.display_message ?? "Please close this window and try again.";
  return pane(
    actions,
    { class: "error" },
    h("div", { class: "mark warning" }, icon(ICONS.alert)),
    title(HEADINGS[error.error_code] ?? "Something went wrong"),
    h("p", { class: "lead", role: "alert" }, sentence),
    h("p", { class: "small code" }, error.error_code),
    h(
      "div",
      { class: "foot" },
      CANNOT_RETRY.includes(error.error_code) || !visit.bank
        ? null
        : h("button", { type: "button", class: "quiet", onclick: actions.retry }, "Try again"),
      primary("Exit", { onclick: actions.exit }),
    ),
  );
}
