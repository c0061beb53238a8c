// @ts-check
/** Builds elements and talks to the server. */

/**
 * An element with properties and children. `on*` properties are listeners; others are attributes.
 * @param {string} tag
 * @param {Record<string, unknown>} [properties]
 * @param {...(Node | string | null)} children
 * @returns {HTMLElement}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function")
      element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined)
      element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * Posts to the sandbox. A failed connection comes back as an error outcome, too.
 * @param {string} path
 * @param {object} fields
 * @returns {Promise<any>}
 */
export async function post(path, fields) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(fields),
    });
    return await answer.json();
  } catch {
    return {
      outcome: "error",
      error: {
        error_type: "API_ERROR",
        error_code: "INTERNAL_SERVER_ERROR",
        error_message: "Link could not reach the server",
        display_message: "Something went wrong. Please try again.",
      },
      request_id: "",
    };
  }
}

const NS = "http://www.w3.org/2000/svg";

/**
 * A line drawing on a 24-unit square, hidden from screen readers.
 * @param {string} path
 */
export function icon(path) {
  const svg = document.createElementNS(NS, "svg");
  for (const [name, value] of Object.entries({
    viewBox: "0 0 24 24",
    width: "20",
    height: "20",
    fill: "none",
    stroke: "currentColor",
    "stroke-width": "1.8",
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
    "aria-hidden": "true",
  })) {
    svg.setAttribute(name, value);
  }
  const line = document.createElementNS(NS, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export const ICONS = {
  close: "M6 6l12 12M18 6L6 18",
  back: "M15 5l-7 7 7 7",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM20 20l-4-4",
  shield: "M12 3l7 3v5c0 4.6-3 8-7 10-4-2-7-5.4-7-10V6z M9 12l2.2 2.2L15.2 10",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  lock: "M6 11h12v9H6z M8.5 11V7.5a3.5 3.5 0 0 1 7 0V11",
  alert: "M12 8v5 M12 16.5v.1 M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  next: "M9 5l7 7-7 7",
};
