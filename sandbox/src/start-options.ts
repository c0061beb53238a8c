/** Validates the options of `startSandbox`, for callers without a type checker. */
import { MOST_MS, SETTING_FIELDS } from "./control/settings.ts";

const MOST_SEED = 2 ** 31;

type Check = (value: unknown) => string | null;

const text: Check = (value) =>
  typeof value === "string" && value !== "" ? null : "a text that is not empty";
const texts: Check = (value) =>
  Array.isArray(value) && value.every((entry) => typeof entry === "string")
    ? null
    : "a list of texts";
const trueOrFalse: Check = (value) => (typeof value === "boolean" ? null : "true or false");
const wholeNumber =
  (most: number): Check =>
  (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most
      ? null
      : `a whole number from 0 to ${most}`;
const day: Check = (value) => {
  const wanted = 'a day such as 2026-06-15, or "today"';
  if (value === "today") return null;
  if (typeof value !== "string" || !/^20\d\d-\d\d-\d\d$/.test(value)) return wanted;
  const time = new Date(`${value}T00:00:00Z`);
  const exists = !Number.isNaN(time.getTime()) && time.toISOString().startsWith(value);
  return exists ? null : wanted;
};

const CHECKS: Record<string, Check> = {
  port: wholeNumber(65_535),
  host: text,
  publicUrl: text,
  webhookHosts: texts,
  pageOrigins: texts,
  dataFile: text,
  seed: wholeNumber(MOST_SEED),
  startDate: day,
  ...Object.fromEntries(
    SETTING_FIELDS.map((field) => [
      field,
      field.endsWith("Ms") ? wholeNumber(MOST_MS) : trueOrFalse,
    ]),
  ),
};

/** Throws TypeError for an option that is unknown or has a value of the wrong kind. */
export function checkOptions(options: object): void {
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(CHECKS, name) ? CHECKS[name] : undefined;
    if (!check) {
      const known = Object.keys(CHECKS).join(", ");
      throw new TypeError(`unknown option ${name}; known: ${known}`);
    }
    const wanted = value === undefined ? null : check(value);
    if (wanted !== null) {
      throw new TypeError(`${name} must be ${wanted}, got ${JSON.stringify(value)}`);
    }
  }
}
