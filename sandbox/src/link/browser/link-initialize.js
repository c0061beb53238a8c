// @ts-check
/**
 * Defines `window.Plaid` as Plaid's script does: `create()` gives a handler that opens Link in an
 * iframe and reports by callbacks; `createEmbedded()` shows the banks inside the page. Adds no style or script elements to the page, so that it runs
 * under a strict content security policy, and writes nothing to the console.
 */
(() => {
  const self = /** @type {HTMLScriptElement} */ (document.currentScript);
  // A test that serves the script at the CDN's address says where the sandbox is.
  const origin = /** @type {any} */ (window).__plaidSandbox ?? new URL(self.src).origin;
  const VERSION = "local-sandbox";
  let lastId = 0;

  /**
   * @typedef {object} Config
   * @property {string} [token]
   * @property {string} [receivedRedirectUri]
   * @property {(publicToken: string, metadata: object) => void} onSuccess
   * @property {(error: object | null, metadata: object) => void} [onExit]
   * @property {(eventName: string, metadata: object) => void} [onEvent]
   * @property {() => void} [onLoad]
   */

  /**
   * @param {Config} config
   * @param {string | null} [institutionId] The bank that was chosen in embedded search.
   */
  function create(config, institutionId = null) {
    if (!config || typeof config.token !== "string" || config.token === "") {
      throw new Error("Missing Link parameter. Link requires a token to be provided.");
    }
    if (typeof config.onSuccess !== "function") {
      throw new Error("Missing Link parameter. Link requires an onSuccess callback.");
    }

    lastId += 1;
    const { dialog, frame } = buildDialog(lastId);
    let ready = false;
    let open = false;
    let destroyed = false;
    /** @type {object[]} */
    let waiting = [];

    /** @param {{ type: string, [field: string]: unknown }} message */
    function post(message) {
      if (ready) frame.contentWindow?.postMessage(message, origin);
      else waiting.push(message);
    }

    function close() {
      open = false;
      if (dialog.open) dialog.close();
    }

    /** @param {MessageEvent} event */
    function receive(event) {
      if (event.origin !== origin || event.source !== frame.contentWindow) return;
      const message = event.data;
      switch (message?.type) {
        case "ready": {
          ready = true;
          const held = waiting;
          waiting = [];
          for (const early of held) frame.contentWindow?.postMessage(early, origin);
          config.onLoad?.();
          break;
        }
        case "event":
          config.onEvent?.(message.name, message.metadata);
          break;
        case "success":
          close();
          config.onSuccess(message.public_token, message.metadata);
          break;
        case "exit":
          close();
          config.onExit?.(message.error, message.metadata);
          break;
        case "redirect":
          // Only ever to a page of the sandbox itself: a bank's log-in.
          window.location.assign(new URL(message.path, origin).href);
          break;
      }
    }

    window.addEventListener("message", receive);
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      post({ type: "exit" });
    });
    attach(dialog);

    return {
      open() {
        if (destroyed || open) return;
        open = true;
        if (!dialog.isConnected) document.body.appendChild(dialog);
        dialog.showModal();
        frame.focus();
        post({
          type: "open",
          token: config.token,
          received_redirect_uri: config.receivedRedirectUri ?? null,
          institution_id: institutionId,
        });
      },

      /** @param {{ force?: boolean }} [options] */
      exit(options) {
        if (destroyed || !open) return;
        post({ type: "exit" });
        // Forced: the dialog goes at once; its last words follow as onExit.
        if (options?.force && dialog.open) dialog.close();
      },

      /** Layer's phone number and birthday; this stand-in has no Layer. */
      submit() {},

      destroy() {
        destroyed = true;
        open = false;
        window.removeEventListener("message", receive);
        if (dialog.open) dialog.close();
        dialog.remove();
      },
    };
  }

  /**
   * Embedded search: the banks inside an element of the page; choosing one opens Link.
   * @param {Config} config
   * @param {Element} container
   */
  function createEmbedded(config, container) {
    if (!config || typeof config.token !== "string" || config.token === "") {
      throw new Error("Missing Link parameter. Link requires a token to be provided.");
    }
    const frame = document.createElement("iframe");
    frame.title = "Select your bank";
    frame.src = `${origin}/link/embedded.html`;
    Object.assign(frame.style, {
      display: "block",
      width: "100%",
      height: "100%",
      minHeight: "300px",
      border: "0",
      background: "transparent",
      colorScheme: "light dark",
    });
    /** @type {ReturnType<typeof create> | null} */
    let handler = null;

    /** @param {MessageEvent} event */
    function receive(event) {
      if (event.origin !== origin || event.source !== frame.contentWindow) return;
      const message = event.data;
      if (message?.type === "ready") {
        frame.contentWindow?.postMessage({ type: "open", token: config.token }, origin);
        config.onLoad?.();
      } else if (message?.type === "select") {
        handler?.destroy();
        handler = create({ ...config, onLoad: undefined }, message.institution_id);
        handler.open();
      }
    }

    window.addEventListener("message", receive);
    container.appendChild(frame);
    // A redirect from an OAuth bank takes the session up again, without another choice.
    if (config.receivedRedirectUri) {
      handler = create({ ...config, onLoad: undefined });
      handler.open();
    }
    return {
      destroy() {
        window.removeEventListener("message", receive);
        handler?.destroy();
        frame.remove();
      },
    };
  }

  /** @param {number} id */
  function buildDialog(id) {
    const dialog = document.createElement("dialog");
    dialog.id = `plaid-link-dialog-${id}`;
    dialog.setAttribute("aria-label", "Plaid Link");
    Object.assign(dialog.style, {
      position: "fixed",
      inset: "0",
      width: "100vw",
      height: "100dvh",
      maxWidth: "none",
      maxHeight: "none",
      margin: "0",
      padding: "0",
      border: "0",
      overflow: "hidden",
      background: "transparent",
    });
    const frame = document.createElement("iframe");
    frame.id = `plaid-link-iframe-${id}`;
    frame.title = "Plaid Link";
    frame.src = `${origin}/link/index.html`;
    Object.assign(frame.style, {
      display: "block",
      width: "100%",
      height: "100%",
      border: "0",
      background: "transparent",
      // As Link's document has it: a frame that differs from its document is not transparent.
      colorScheme: "light dark",
    });
    dialog.appendChild(frame);
    return { dialog, frame };
  }

  /** @param {HTMLElement} dialog */
  function attach(dialog) {
    if (document.body) document.body.appendChild(dialog);
    else document.addEventListener("DOMContentLoaded", () => document.body.appendChild(dialog));
  }

  Object.assign(window, { Plaid: { create, createEmbedded, version: VERSION } });
})();
