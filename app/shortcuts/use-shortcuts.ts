import { useLocation, useNavigate } from "@remix-run/react";
import { useEffect, useRef } from "react";
import { onShortcut } from "./keys.ts";

/** Does what keyboard shortcuts ask for. `openSheet`: shows the sheet that lists them; it does not change. */
export function useShortcuts(openSheet: () => void): void {
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const wantsSearch = useRef(false);
  useEffect(
    () =>
      onShortcut(({ does, to }) => {
        wantsSearch.current = does === "search";
        if (to === null) openSheet();
        else if (!(wantsSearch.current && focusSearch())) navigate(to);
      }),
    [navigate, openSheet],
  );
  // The page that has the search came after the key.
  useEffect(() => {
    if (wantsSearch.current && pathname === "/transactions") focusSearch();
  }, [pathname]);
}

function focusSearch(): boolean {
  const field = document.querySelector<HTMLElement>("main [name=search]");
  field?.focus();
  return field !== null;
}
