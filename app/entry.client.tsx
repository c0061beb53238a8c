import { RemixBrowser } from "@remix-run/react";
import { hydrateRoot } from "react-dom/client";

// At once, and not in slices that give way to each other: nothing else is to be done before.
hydrateRoot(document, <RemixBrowser />);
