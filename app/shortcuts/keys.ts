/** What each shortcut does: a page to go to, the search, or the sheet that lists them all. */
export const shortcuts = {
  "g d": { does: "dashboard", to: "/dashboard" },
  "g t": { does: "transactions", to: "/transactions" },
  "g a": { does: "activity", to: "/activity" },
  "g s": { does: "settings", to: "/settings/account" },
  "/": { does: "search", to: "/transactions" },
  "?": { does: "sheet", to: null },
} as const;

export type Shortcut = (typeof shortcuts)[keyof typeof shortcuts];

const store = "fiscility.shortcuts";

/** Whether single keys do anything in this browser (WCAG 2.1.4). A browser that keeps nothing has them on. */
export function areShortcutsOn(): boolean {
  try {
    return localStorage.getItem(store) !== "off";
  } catch {
    return true;
  }
}

export function setShortcutsOn(isOn: boolean): void {
  try {
    localStorage.setItem(store, isOn ? "on" : "off");
  } catch {}
}

/** Where a letter is typed, or means something else already. */
const own = "input, textarea, select, [contenteditable], [role=dialog], [role=menu]";

/** Between the two keys of a shortcut, in milliseconds. */
const patience = 1_500;

/** Calls back for each shortcut that is pressed. Returns how to stop. */
export function onShortcut(run: (shortcut: Shortcut) => void): () => void {
  let first = { key: "", at: 0 };
  const press = (event: KeyboardEvent) => {
    const { key, target, timeStamp: at } = event;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (key.length !== 1 || (target instanceof Element && target.closest(own))) return;
    const pair = at - first.at < patience ? `${first.key} ${key}` : key;
    first = { key, at };
    const shortcut = (shortcuts as Record<string, Shortcut>)[pair in shortcuts ? pair : key];
    if (!shortcut || document.querySelector("[role=dialog]") || !areShortcutsOn()) return;
    // Firefox would open its own search.
    event.preventDefault();
    run(shortcut);
  };
  document.addEventListener("keydown", press);
  return () => document.removeEventListener("keydown", press);
}
