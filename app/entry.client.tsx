import { RemixBrowser } from "@remix-run/react";
import { hydrateRoot } from "react-dom/client";

// Synchronously, instead of in a transition: nothing else has to run before.
const hydrate = () => hydrateRoot(document, <RemixBrowser />);

/**
 * Starts to decode the loaders' data and returns the promise for it. Remix throws this promise in the first
 * render, so that React waits. If the user pressed a key meanwhile, React would fail (error 345) and never
 * hydrate the page.
 */
function decodeData(): unknown {
  try {
    return RemixBrowser({});
  } catch (decoding) {
    return decoding;
  }
}

Promise.resolve(decodeData()).then(hydrate);
