import { dictionary } from "@zxcvbn-ts/language-common";

/**
 * The passwords that leaks hold most often, in small letters, and with them what anybody tries first:
 * 49,000 out of an npm package, so that no password, and no part of its hash, leaves this process.
 */
const breached = new Set(dictionary["passwords-common"]);

/** Whether this password is among those that are known from leaks, however it is capitalised. */
export const isBreached = (password: string) => breached.has(password.toLowerCase());

/** Whether this password has a word in it that anybody tries here first: the list is our own name alone. */
export const namesUs = (password: string) => /fiscility/i.test(password);
