import { RemixBrowser } from "@remix-run/react";
import { hydrateRoot } from "react-dom/client";

// Synchronously, instead of in a transition: nothing else has to run before.
hydrateRoot(document, <RemixBrowser />);
