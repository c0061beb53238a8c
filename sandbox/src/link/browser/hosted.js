// @ts-check
/** Hosted Link: a page of Plaid's that opens Link, and leaves for the app when the session ends. */
import { h, post } from "./dom.js";

const sheet = /** @type {HTMLElement} */ (document.getElementById("sheet"));
const token = new URLSearchParams(location.search).get("link_token");

/** @param {string} heading @param {string} text */
function say(heading, text) {
  document.title = heading;
  sheet.replaceChildren(h("h1", { tabindex: "-1" }, heading), h("p", { class: "lead" }, text));
}

const session = await post("/link/session/hosted", { link_token: token });
if (session.outcome !== "hosted") {
  say("This link has expired", "Ask the app that sent you here for a new one.");
} else {
  const leave = () => {
    if (session.completion_redirect_uri !== null) location.assign(session.completion_redirect_uri);
    else say("All done", "You can close this window.");
  };
  const { Plaid } = /** @type {any} */ (window);
  Plaid.create({ token, onSuccess: leave, onExit: leave }).open();
}
