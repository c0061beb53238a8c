/** The URL that react-plaid-link looks for; a script element with it counts as already loaded. */
const plaidScriptUrl = "https://cdn.plaid.com/link/v2/stable/link-initialize.js";

/** Link's script could not be loaded: because of the network, or an extension that blocks it. */
export class LinkScriptError extends Error {
  override readonly name = "LinkScriptError";
}

let loading: Promise<void> | null = null;

/**
 * Loads Link's script once, on use, so that `window.Plaid` exists before react-plaid-link looks for it.
 * Rejects with a `LinkScriptError`; the next call then retries (the package itself would remember the
 * failure).
 *
 * With the local sandbox's script, an inert element is added in place of Plaid's: the package finds it, and
 * because its type is not a script's, the browser never loads it.
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
    // Browsers hide the nonce's attribute from the page, but not its property.
    script.nonce = document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce ?? "";
    const fail = () => {
      script.remove();
      reject(new LinkScriptError());
    };
    // Some blockers return an empty script; without `Plaid`, Link would never open or close.
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
