/** The address react-plaid-link looks for; a script element with it counts as already loaded. */
const plaidScriptUrl = "https://cdn.plaid.com/link/v2/stable/link-initialize.js";

/** Link's script could not be loaded: the network, or an extension that blocks it. */
export class LinkScriptError extends Error {
  override readonly name = "LinkScriptError";
}

let loading: Promise<void> | null = null;

/**
 * Loads Link's script once, on use, so that `window.Plaid` is there before react-plaid-link looks
 * for it. Rejects with a `LinkScriptError`; the next call then tries again (the package itself would
 * remember the failure for ever).
 *
 * With the local sandbox's script, an inert element stands in for Plaid's: it satisfies the
 * package's search, and as its type is not a script's, the browser never fetches it.
 */
export function loadLinkScript(scriptUrl: string): Promise<void> {
  loading ??= appendScript(scriptUrl).then(
    () => {
      if (scriptUrl !== plaidScriptUrl) appendInertPlaidScript();
    },
    (error: unknown) => {
      loading = null;
      throw error;
    },
  );
  return loading;
}

function appendScript(src: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = src;
    script.async = true;
    // Browsers hide the nonce's attribute from the page, not its property.
    script.nonce = document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce ?? "";
    const fail = () => {
      script.remove();
      reject(new LinkScriptError());
    };
    // Some blockers answer with an empty script; without `Plaid`, Link would never open or close.
    script.onload = () => ("Plaid" in window ? resolve() : fail());
    script.onerror = fail;
    document.head.append(script);
  });
}

function appendInertPlaidScript() {
  const inert = document.createElement("script");
  inert.type = "text/plain";
  inert.src = plaidScriptUrl;
  document.head.append(inert);
}
