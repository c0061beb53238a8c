import { useLocation } from "@remix-run/react";
import { useEffect, useRef } from "react";

/**
 * A tab keeps the scripts of the release that it was loaded with, and only these can show that release's data.
 * Where a server of another release responds, the page is loaded again, as soon as nothing is lost by that.
 */
const ownRelease = (): string => window.__remixManifest.version;

/**
 * How old the page must be before it is loaded again without the user, in milliseconds. During a roll-out a
 * server of the previous release may respond to that load, and one of the new release after it.
 */
const minAge = 60_000;

let loading = false;
/** Once: a second call would start a slow load from its beginning. */
function loadAgain(): void {
  if (!loading) location.reload();
  loading = true;
}

/** Whether something above the pages would be lost: a connection, or a problem whose toast can retry it. */
const isUnfinished = () => document.querySelector("[data-unfinished]") !== null;

/** Fields of text: the value of a check box never changes. */
const fields = "input:not([type='checkbox']), textarea";
const isTyped = (field: HTMLInputElement | HTMLTextAreaElement) =>
  field === document.activeElement || field.value !== field.defaultValue;

/** Whether nothing in the page is open, is being sent or contains what the user typed. */
const isAtRest = () =>
  !isUnfinished() &&
  !document.querySelector("[role='dialog'], [aria-busy='true'], :popover-open") &&
  ![...document.querySelectorAll<HTMLInputElement>(fields)].some(isTyped);

/**
 * Whether this is the tab's own release, so that its data can be shown. If not, loads the page again when that
 * loses nothing: the caller retries until then.
 */
export function isOwnRelease(release: unknown): boolean {
  if (release === ownRelease()) return true;
  if (performance.now() > minAge && isAtRest()) loadAgain();
  return false;
}

/**
 * Whether a navigation brought the data of another release, which must not be rendered: its page is being
 * loaded. Not after a form that stays on its page, whose result would be lost. `release`: that of the data.
 */
export function useOtherRelease(release: string): boolean {
  const { pathname } = useLocation();
  const shown = useRef(pathname);
  const isOther = pathname !== shown.current && release !== ownRelease() && !isUnfinished();
  useEffect(() => {
    if (isOther) loadAgain();
    else shown.current = pathname;
  });
  return isOther;
}
