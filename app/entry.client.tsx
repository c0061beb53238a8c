import { RemixBrowser } from "@remix-run/react";
import { hydrateRoot } from "react-dom/client";

// Synchronously, instead of in a transition: nothing else has to run before.
const hydrate = () => hydrateRoot(document, <RemixBrowser />);

/**
 * Starts to decode the data of the loaders. The component throws the promise for it, so that React waits. But
 * React fails if the user presses a key or a button while it waits for the whole page (error 345).
 */
function decodeData(): unknown {
  try {
    return RemixBrowser({});
  } catch (decoding) {
    return decoding;
  }
}

Promise.resolve(decodeData()).then(hydrate);
