// @ts-check
/** Embedded search: the list of banks inside the app's own page. Link opens when one is chosen. */
import { h, post } from "./dom.js";
import { bankSearch } from "./panes.js";

const sheet = /** @type {HTMLElement} */ (document.getElementById("sheet"));
const status = /** @type {HTMLElement} */ (document.getElementById("status"));
let hostOrigin = "";

window.addEventListener("message", async (event) => {
  if (event.source !== window.parent || event.source === window || hostOrigin !== "") return;
  if (event.data?.type !== "open") return;
  hostOrigin = event.origin;
  const answer = await post("/link/session/banks", { link_token: event.data.token });
  if (answer.outcome !== "banks") {
    sheet.replaceChildren(h("p", { class: "empty", role: "alert" }, "This session has ended."));
    return;
  }
  sheet.replaceChildren(
    h(
      "section",
      { class: "pane choose" },
      ...bankSearch(answer.institutions, {
        choose: ({ institution_id }) =>
          window.parent.postMessage({ type: "select", institution_id }, hostOrigin),
        searched: () => {},
        announce: (sentence) => {
          status.textContent = sentence;
        },
      }),
    ),
  );
});

// Says nothing but "ready", so it may go to whoever embeds the page.
window.parent.postMessage({ type: "ready" }, "*");
