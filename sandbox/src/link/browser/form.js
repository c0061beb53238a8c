// @ts-check
/** Forms: labelled fields, a button that works, and a sentence when something is wrong. */
import { h, ICONS, icon } from "./dom.js";

/** @param {string} label @param {Record<string, unknown>} [properties] */
export const primary = (label, properties = {}) =>
  h("button", { class: "primary", type: "button", ...properties }, label);

/**
 * A form whose answer may be a sentence about what to put right.
 * @param {HTMLElement[]} fields
 * @param {string} label
 * @param {(data: FormData) => Promise<string | null>} submit
 * @param {Node | null} [after] Below the button.
 */
export function form(fields, label, submit, after = null) {
  const alert = h("p", { class: "alert", role: "alert", hidden: true });
  const button = /** @type {HTMLButtonElement} */ (primary(label, { type: "submit" }));
  const element = /** @type {HTMLFormElement} */ (
    h(
      "form",
      {
        novalidate: true,
        onsubmit: async (/** @type {Event} */ event) => {
          event.preventDefault();
          alert.hidden = true;
          button.disabled = true;
          button.classList.add("working");
          const problem = await submit(new FormData(element));
          button.disabled = false;
          button.classList.remove("working");
          if (problem === null) return;
          alert.replaceChildren(icon(ICONS.alert), h("span", {}, problem));
          alert.hidden = false;
          const inputs = element.querySelectorAll("input");
          for (const input of inputs) input.setAttribute("aria-invalid", "true");
          const last = inputs[inputs.length - 1];
          last?.focus();
          last?.select();
        },
      },
      alert,
      ...fields,
      h("div", { class: "foot" }, button, after),
    )
  );
  return element;
}

/** @param {string} label @param {Record<string, unknown>} properties @param {string} [hint] */
export function field(label, properties, hint) {
  const id = `field-${label.toLowerCase().replaceAll(/\W+/g, "-")}`;
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, label),
    h("input", {
      id,
      name: label.toLowerCase(),
      autocapitalize: "none",
      autocomplete: "off",
      spellcheck: "false",
      "aria-describedby": hint ? `${id}-hint` : null,
      ...properties,
    }),
    hint ? h("p", { class: "small", id: `${id}-hint` }, hint) : null,
  );
}

/**
 * One choice of several.
 * @param {string} label
 * @param {string} name
 * @param {string[]} options
 */
export function choice(label, name, options) {
  return h(
    "fieldset",
    { class: "field" },
    h("legend", {}, label),
    ...options.map((option, index) =>
      h(
        "label",
        { class: "choice" },
        h("input", { type: "radio", name, value: option, "data-focus": index === 0 }),
        option,
      ),
    ),
  );
}
