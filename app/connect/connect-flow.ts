/**
 * What a run of the connect flow needs, and nothing before it: in one file, which is loaded when the browser has
 * nothing better to do, or by the first press.
 */
export { transition } from "./connect-machine.ts";
export { LinkSession } from "./link-session.tsx";
export { performEffect } from "./perform-effect.ts";
