/**
 * The privacy notice that is shown where a bank is connected. Its text is `text.privacy` of the pages, and
 * `/privacy` has all of it: change the version, a date, with every change of what it says.
 */
export const privacyNoticeVersion = "2026-11-29";
