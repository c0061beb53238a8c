import { isDeepStrictEqual } from "node:util";
import type { Contract, Schema } from "./contract.ts";

/** The differences between two contracts, one line each. */
export interface ContractChanges {
  /** A program written for the first contract could fail with the second. */
  breaking: string[];
  /** Changes that cannot break a program. */
  additions: string[];
}

/** Compares the published contract with the current one. */
export function contractChanges(before: Contract, now: Contract): ContractChanges {
  const breaking: string[] = [];
  const additions: string[] = [];

  for (const [name, old] of Object.entries(before.procedures)) {
    const found = now.procedures[name];
    if (!found) {
      breaking.push(`${name} is gone`);
      continue;
    }
    for (const key of ["type", "scope", "rest"] as const) {
      if (found[key] !== old[key]) breaking.push(`${name}: ${key} was ${old[key]}`);
    }
    if (found.stepUp && !old.stepUp) breaking.push(`${name} asks for a step-up now`);
    // Every old input must still be accepted, and every new output must fit the old schema.
    const faults = [
      ...misfits(old.input ?? {}, found.input ?? {}, `${name} input`, "input"),
      ...misfits(found.output, old.output, `${name} output`, "output"),
    ];
    if (faults.length > 0) breaking.push(...faults);
    else if (!isDeepStrictEqual(found, old)) additions.push(`${name} has more than it had`);
  }
  for (const [name, old] of Object.entries(before.reasons)) {
    const found = now.reasons[name];
    if (!found) breaking.push(`the reason ${name} is gone`);
    else {
      if (found.status !== old.status) breaking.push(`${name}: its status was ${old.status}`);
      if (found.retryable !== old.retryable)
        breaking.push(`${name}: retryable was ${old.retryable}`);
      const faults = misfits(found.details ?? {}, old.details ?? {}, `${name} details`, "output");
      if (faults.length > 0) breaking.push(...faults);
      else if (!isDeepStrictEqual(found.details, old.details)) {
        additions.push(`the details of ${name} have more than they had`);
      }
    }
  }
  for (const name of Object.keys(now.procedures)) {
    if (!before.procedures[name]) additions.push(`${name} is new`);
  }
  for (const name of Object.keys(now.reasons)) {
    // An older client reports it as `unknown_reason`.
    if (!before.reasons[name]) additions.push(`the reason ${name} is new`);
  }
  return { breaking, additions };
}

/**
 * Returns why some value of `narrow` would not fit `wide`; empty when every value does. Knows what zod writes
 * for our contracts. Any unknown keyword that differs counts as a misfit.
 */
function misfits(
  narrow: Schema,
  wide: Schema,
  where: string,
  direction: "input" | "output",
): string[] {
  const choices = alternatives(wide);
  return alternatives(narrow).flatMap((one) => {
    const attempts = choices.map((choice) => misfitsOfOne(one, choice, where, direction));
    // Reported for the closest choice.
    return attempts.sort((a, b) => a.length - b.length)[0] ?? [];
  });
}

function misfitsOfOne(
  narrow: Schema,
  wide: Schema,
  where: string,
  direction: "input" | "output",
): string[] {
  const number = narrow.type === "integer" && wide.type === "number";
  if (wide.type && narrow.type !== wide.type && !number) {
    return [`${where}: ${wide.type} and ${narrow.type ?? "anything"} do not fit together`];
  }
  const faults: string[] = [];
  const allowed = valuesOf(wide);
  const possible = valuesOf(narrow);
  if (allowed && !possible?.every((value) => allowed.includes(value))) {
    const surplus = possible?.filter((value) => !allowed.includes(value)).join(", ") ?? "others";
    const change = direction === "output" ? "may now be" : "may no longer be";
    faults.push(`${where} ${change} ${surplus}`);
  }
  for (const key of ["format", "pattern"] as const) {
    if (wide[key] !== undefined && wide[key] !== narrow[key] && !possible) {
      faults.push(`${where}: its ${key} changed`);
    }
  }
  for (const key of ["maxLength", "maximum", "maxItems"] as const) {
    const limit = wide[key];
    if (limit !== undefined && !((narrow[key] ?? Number.POSITIVE_INFINITY) <= limit)) {
      faults.push(`${where}: ${key} is ${limit}, was or may be more`);
    }
  }
  for (const key of ["minLength", "minimum", "minItems"] as const) {
    const limit = wide[key];
    if (limit !== undefined && !((narrow[key] ?? Number.NEGATIVE_INFINITY) >= limit)) {
      faults.push(`${where}: ${key} is ${limit}, was or may be less`);
    }
  }
  if (wide.items) {
    faults.push(
      ...misfits((narrow.items as Schema) ?? {}, wide.items as Schema, `${where}[]`, direction),
    );
  }
  for (const field of wide.required ?? []) {
    if (narrow.required?.includes(field)) continue;
    const change = direction === "output" ? "may be missing" : "is required";
    faults.push(`${where}: ${field} ${change} now`);
  }
  for (const [field, schema] of Object.entries(narrow.properties ?? {})) {
    const known = wide.properties?.[field];
    if (known) {
      faults.push(...misfits(schema as Schema, known as Schema, `${where}.${field}`, direction));
    } else if (wide.additionalProperties === false) {
      faults.push(`${where}: ${field} is no longer taken`);
    }
  }
  for (const field of Object.keys(wide.properties ?? {})) {
    const gone = direction === "output" && !narrow.properties?.[field];
    if (gone && !wide.required?.includes(field)) faults.push(`${where}: ${field} is gone`);
  }
  return faults;
}

function alternatives(schema: Schema): Schema[] {
  const choices = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined;
  if (choices) return choices.flatMap(alternatives);
  if (Array.isArray(schema.type)) {
    return schema.type.map((type) => ({ ...schema, type }) as Schema);
  }
  return [schema];
}

function valuesOf(schema: Schema): unknown[] | null {
  if (schema.const !== undefined) return [schema.const];
  return schema.enum ?? null;
}
