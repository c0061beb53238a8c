/**
 * What a run of the connect flow needs, in one file that is loaded when the browser is idle, or by the first
 * press.
 */
export { transition } from "./connect-machine.ts";
export { LinkSession } from "./link-session.tsx";
export { performEffect } from "./perform-effect.ts";
