// @ts-check
/** The page of a bank with OAuth: log in and allow, or cancel; then back to where Link waits. */
import { h, post } from "./dom.js";
import { field, form } from "./form.js";

const sheet = /** @type {HTMLElement} */ (document.getElementById("sheet"));
const oauth_state_id = new URLSearchParams(location.search).get("oauth_state_id");

/** @param {string} heading @param {string} text */
function say(heading, text) {
  document.title = heading;
  sheet.replaceChildren(h("h1", { tabindex: "-1" }, heading), h("p", { class: "lead" }, text));
}

/**
 * Gives the sentence to show beside the form, or null when the page is done.
 * @param {any} answer
 * @returns {string | null}
 */
function leave(answer) {
  if (answer.outcome === "error") {
    const { error_code, display_message, error_message } = answer.error;
    if (["INVALID_CREDENTIALS", "INVALID_UPDATED_USERNAME", "ITEM_LOCKED"].includes(error_code)) {
      return display_message ?? error_message;
    }
    say("This page has expired", "Go back to where you came from and start again.");
  } else if (answer.redirect_to === null) {
    say("All done", "You can close this window.");
    window.close();
  } else {
    location.assign(answer.redirect_to);
  }
  return null;
}

const bank = await post("/link/bank/show", { oauth_state_id });
if (bank.outcome !== "bank") {
  say("This page has expired", "Go back to where you came from and start again.");
} else {
  document.title = `${bank.name}: log in`;
  sheet.replaceChildren(
    h(
      "div",
      { class: "mark" },
      h("img", { class: "logo", src: `/link/logos/${bank.institution_id}.png`, alt: "" }),
    ),
    h("h1", { tabindex: "-1" }, `Log in to ${bank.name}`),
    h(
      "p",
      { class: "lead" },
      `${bank.client_name} asks to see your accounts, balances and transactions.`,
    ),
    logInForm(),
  );
  focus();
}

function focus() {
  /** @type {HTMLElement | null} */ (
    sheet.querySelector("[data-focus]") ?? sheet.querySelector("h1")
  )?.focus();
}

function cancelButton() {
  return h(
    "button",
    {
      type: "button",
      class: "quiet",
      onclick: async () => leave(await post("/link/bank/deny", { oauth_state_id })),
    },
    "Cancel and return",
  );
}

function logInForm() {
  return form(
    [
      field("Username", { placeholder: "user_good", "data-focus": true }),
      field("Password", { type: "password", placeholder: "pass_good" }),
    ],
    "Log in",
    async (data) => {
      const credentials = { username: data.get("username"), password: data.get("password") };
      const answer = await post("/link/bank/allow", { oauth_state_id, ...credentials });
      if (answer.outcome !== "accounts") return leave(answer);
      showPicker(credentials, answer.accounts);
      return null;
    },
    cancelButton(),
  );
}

/**
 * The bank's own account picker.
 * @param {object} credentials
 * @param {{ id: number, name: string, mask: string | null, checked: boolean }[]} accounts
 */
function showPicker(credentials, accounts) {
  const boxes = accounts.map(({ id, name, mask, checked }) =>
    h(
      "label",
      { class: "choice" },
      h("input", { type: "checkbox", name: "account", value: id, checked }),
      mask === null ? name : `${name} •••• ${mask}`,
    ),
  );
  sheet.replaceChildren(
    h("h1", { tabindex: "-1" }, `Choose the accounts to share with ${bank.client_name}`),
    form(
      [h("fieldset", { class: "field" }, h("legend", { class: "unseen" }, "Accounts"), ...boxes)],
      "Share accounts",
      async (data) => {
        const account_ids = data.getAll("account").map(Number);
        if (account_ids.length === 0) return "Choose at least one account.";
        return leave(
          await post("/link/bank/allow", { oauth_state_id, ...credentials, account_ids }),
        );
      },
      cancelButton(),
    ),
  );
  focus();
}
