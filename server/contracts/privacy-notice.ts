/**
 * The privacy notice shown where a bank is connected. Its text is `text.privacy` of the pages, and `/privacy`
 * has all of it. Change this version, a date, with every change of the text.
 */
export const privacyNoticeVersion = "2026-11-29";
