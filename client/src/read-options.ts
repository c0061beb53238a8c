import { clientFailure, type FiscilityError } from "./fiscility-error.ts";

const example = "https://connect.example.com";
const unset = "Is the environment variable set that it comes from?";

/**
 * Returns the server's address without a trailing slash. Messages never repeat what may contain a secret.
 * @throws FiscilityError `invalid_options`
 */
export function readBaseUrl(given: string): string {
  const refuse = (why: string) => refusal("baseUrl", `The baseUrl ${why}`);
  const text = typeof given === "string" ? given.trim() : given;
  if (!text || text === "undefined")
    throw refuse(`is ${text === "" ? "empty" : "undefined"}. ${unset}`);
  if (/fsk_/.test(text)) throw refuse("holds an API key. Pass the key as apiKey.");
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.username || url?.password) {
    throw refuse("holds a user name or password. Leave them out.");
  }
  if (!url || !/^https?:$/.test(url.protocol)) {
    const hasScheme = /^[a-z+]*:\/*[^\d]/i.test(text);
    const meant = `http${/^(localhost|127\.|\[)/.test(text) ? "" : "s"}://${text}`;
    throw refuse(`is no web address: ${text}. Did you mean ${hasScheme ? example : meant}?`);
  }
  if (url.search || url.hash) throw refuse(`has a ? or a #: ${text}. Like ${example}.`);
  const root = url.href.replace(/\/+$/, "");
  const above = root.replace(/\/(api\/(v1|docs|openapi\.json)|trpc)(\/.*)?$/, "");
  if (above !== root) {
    throw refuse(`has a path that the client adds itself: ${root}. Use ${above}.`);
  }
  return root;
}

/** @throws FiscilityError `invalid_options` for an invalid key, which the message never repeats */
export function requireApiKey(given: string | undefined): void {
  const refuse = (why: string) => refusal("apiKey", `The apiKey ${why}`);
  if (!given || given === "undefined")
    throw refuse(`is ${given === "" ? "empty" : "undefined"}. ${unset}`);
  if (/^fsk_[0-9a-f]{16}_[0-9a-f]{72}$/.test(given)) return;
  if (/^bearer /i.test(given)) throw refuse("starts with Bearer. Pass the key alone.");
  if (/^[\s"']|[\s"']$/.test(given)) {
    throw refuse("has spaces, a line break or quotes around it. Pass the key alone.");
  }
  if (!given.startsWith("fsk_")) {
    throw refuse("is none of Fiscility: it starts with fsk_. Make one at /settings/api-keys.");
  }
  throw refuse(
    `was not copied whole: a key is fsk_ and 89 characters more, and this has ${given.length - 4}.`,
  );
}

function refusal(option: "baseUrl" | "apiKey", message: string): FiscilityError {
  return clientFailure("invalid_options", { option }, { message });
}
