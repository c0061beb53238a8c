import { type AppLoadContext, data } from "@remix-run/node";
import type { z } from "zod";
import { type Reason, reasons } from "../../server/contracts/errors.ts";
import { proofProblem, proveByForm } from "../auth/prove-by-form.ts";
import { toFieldErrors } from "../auth/to-field-errors.ts";
import { words } from "../auth/words.ts";
import { reasonOf } from "../reason-of.ts";
import type { FormResult } from "./form-result.ts";

interface Forms<Input> {
  /** Ends the key or webhook with this id, if the form's `intent` is "end". Needs no proof. */
  end: (id: string) => Promise<unknown>;
  /** Validates the fields of any other form. */
  read: (form: URLSearchParams) => z.ZodSafeParseResult<Input>;
  /** Creates a secret, once the user has proved who they are. */
  make: (input: Input) => Promise<string>;
  /** The field of each reason that is about a field. */
  fieldOf?: Partial<Record<Reason, string>>;
}

/** Runs a form on a page that creates and ends secrets: API keys, webhooks. */
export async function runForm<Input>(
  form: URLSearchParams,
  context: AppLoadContext,
  { end, read, make, fieldOf = {} }: Forms<Input>,
) {
  try {
    if (form.get("intent") === "end") {
      await end(form.get("id") ?? "");
      return data<FormResult>({});
    }
    const input = read(form);
    if (!input.success) {
      const fields = toFieldErrors(input.error);
      if (form.get("password") === "") fields.password = words.proofEmpty;
      return data<FormResult>({ fields }, { status: 400 });
    }
    const problem = await proveByForm(form, context);
    if (problem) return unproved(problem);
    const secret = await make(input.data);
    return data<FormResult>({ secret }, { headers: { "cache-control": "no-store" } });
  } catch (error) {
    const problem = proofProblem(error);
    if (problem) return unproved(problem);
    const reason = reasonOf(error);
    if (reason === null) throw error;
    const { status, message } = reasons[reason];
    const field = fieldOf[reason];
    return data<FormResult>(field ? { fields: { [field]: message } } : { message }, { status });
  }
}

function unproved({ password, status }: { password: string; status: number }) {
  return data<FormResult>({ fields: { password } }, { status });
}
