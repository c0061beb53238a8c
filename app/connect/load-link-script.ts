/** The address react-plaid-link looks for; a script element with it counts as already loaded. */
const plaidScriptUrl = "https://cdn.plaid.com/link/v2/stable/link-initialize.js";

let loading: Promise<void> | null = null;

/**
 * Loads Link's script once, on use, so that `window.Plaid` is there before react-plaid-link looks
 * for it. Rejects when the script cannot be had; the next call then tries again (the package itself
 * would remember the failure for ever).
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
    script.onload = () => resolve();
    script.onerror = () => {
      script.remove();
      reject(new Error("Link's script did not load"));
    };
    document.head.append(script);
  });
}

function appendInertPlaidScript() {
  const inert = document.createElement("script");
  inert.type = "text/plain";
  inert.src = plaidScriptUrl;
  document.head.append(inert);
}
