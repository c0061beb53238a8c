import {
  type ActionFunctionArgs,
  data,
  type LoaderFunctionArgs,
  type MetaFunction,
} from "@remix-run/node";
import {
  Form,
  Link,
  useActionData,
  useLoaderData,
  useNavigation,
  useRevalidator,
} from "@remix-run/react";
import { useEffect, useRef, useState } from "react";
import { reasons } from "../../server/contracts/errors.ts";
import { confirmTotpInput } from "../../server/contracts/second-factors.ts";
import { ProofField, type ProofMethods } from "../auth/proof-field.tsx";
import { proofProblem, proveByForm } from "../auth/prove-by-form.ts";
import { requireViewer } from "../auth/require-viewer.ts";
import { Button } from "../components/button.tsx";
import { cardClass } from "../components/card.ts";
import { FormAlert } from "../components/form-alert.tsx";
import { RouteError } from "../components/route-error.tsx";
import { pageTitle } from "../page-title.ts";
import { readForm } from "../read-form.ts";
import { reasonOf } from "../reason-of.ts";
import { AuthenticatorCard } from "../second-step/authenticator-card.tsx";
import { BackupCodesCard, NewBackupCodes } from "../second-step/backup-codes-card.tsx";
import { drawQr } from "../second-step/draw-qr.server.ts";
import { FactorSummary } from "../second-step/factor-summary.tsx";
import { PasskeysCard } from "../second-step/passkeys-card.tsx";
import type { SecondStepResult } from "../second-step/result.ts";
import { words } from "../second-step/words.ts";

export { clientAction } from "../send-form.ts";

export const meta: MetaFunction = () => pageTitle(words.title);

export async function loader({ request, context }: LoaderFunctionArgs) {
  requireViewer(request, context);
  const [factors, proof] = await Promise.all([
    context.caller.secondFactors.list(),
    context.sessions.proof(),
  ]);
  return { factors, proof, needed: context.mustSetUpFactor };
}

export async function action({ request, context }: ActionFunctionArgs) {
  requireViewer(request, context);
  const form = await readForm(request);
  const text = (name: string) => String(form.get(name) ?? "");
  const started = { secret: text("secret"), uri: text("uri") };
  // Only what we sent before is accepted: it is drawn, and not used for anything else.
  const again = /^otpauth:\/\/totp\/[\x20-\x7e]{1,500}$/.test(started.uri)
    ? { started: drawQr(started.secret.slice(0, 64), started.uri) }
    : {};
  try {
    const result = await perform(context, text("intent"), form);
    return data<SecondStepResult>(result, { headers: { "cache-control": "no-store" } });
  } catch (error) {
    const wrong = proofProblem(error);
    const reason = reasonOf(error);
    if (reason === "code_incorrect") {
      const { message, status } = reasons[reason];
      return data<SecondStepResult>({ fields: { code: message }, ...again }, { status });
    }
    if (wrong) return data<SecondStepResult>({ fields: { password: wrong.password } }, wrong);
    if (reason === null) throw error;
    const { message, status } = reasons[reason];
    return data<SecondStepResult>({ message, ...again }, { status });
  }

  async function perform(
    { caller }: typeof context,
    intent: string,
    fields: URLSearchParams,
  ): Promise<SecondStepResult> {
    switch (intent) {
      case "start-authenticator": {
        const { secret, uri } = await caller.secondFactors.startAuthenticator();
        return { started: drawQr(secret, uri) };
      }
      case "confirm-authenticator": {
        const input = confirmTotpInput.safeParse({ code: fields.get("code") ?? "" });
        if (!input.success) {
          return { fields: { code: input.error.issues[0]?.message ?? "" }, ...again };
        }
        const { backupCodes } = await caller.secondFactors.confirmAuthenticator(input.data);
        return { backupCodes, status: words.authenticator.on };
      }
      case "remove-authenticator":
        await caller.secondFactors.removeAuthenticator();
        return { status: words.authenticator.removed };
      case "remove-passkey":
        await caller.secondFactors.removePasskey({ id: String(fields.get("id") ?? "") });
        return { status: words.passkeys.removed };
      case "replace-codes":
        return caller.secondFactors.replaceBackupCodes();
      default: {
        const problem = await proveByForm(fields, context);
        return problem ? { fields: { password: problem.password } } : {};
      }
    }
  }
}

/** Sets up the second step of log-ins, once the user has proved who they are. */
export default function SecondStep() {
  const { factors, proof, needed } = useLoaderData<typeof loader>();
  const result = useActionData<typeof action>();
  // The result of adding a passkey, which uses JavaScript.
  const [added, setAdded] = useState<{ backupCodes: string[] | null } | null>(null);
  const page = useRef<HTMLDivElement>(null);
  const codes = result?.backupCodes ?? added?.backupCodes;
  const hasFactor = factors.totpSince !== null || factors.passkeys.length > 0;

  useEffect(() => {
    const first = "[aria-invalid=true], [data-first]";
    if (result) page.current?.querySelector<HTMLElement>(first)?.focus();
  }, [result]);

  return (
    <div ref={page}>
      <Link to="/settings/security" className="rounded-sm text-sm text-link">
        {words.back}
      </Link>
      <h1 className="mt-2 text-2xl font-semibold">{words.title}</h1>
      <p className="text-ink-soft">{needed ? words.needed : words.lead}</p>
      <p role="status" className="not-empty:mt-2 font-medium">
        {result?.status ?? (added ? words.passkeys.added : null)}
      </p>
      {result?.message ? <FormAlert>{result.message}</FormAlert> : null}
      {codes ? <NewBackupCodes key={codes[0]} codes={codes} /> : null}
      {proof.proved ? (
        <>
          <PasskeysCard
            passkeys={factors.passkeys}
            onAdded={(backupCodes) => setAdded({ backupCodes })}
          />
          <AuthenticatorCard since={factors.totpSince} result={result} />
          <BackupCodesCard left={factors.backupCodesLeft} hasFactor={hasFactor} />
        </>
      ) : (
        <>
          <Confirm methods={proof} error={result?.fields?.password} />
          <FactorSummary {...factors} />
        </>
      )}
    </div>
  );
}

function Confirm({ methods, error }: { methods: ProofMethods; error: string | undefined }) {
  const { revalidate } = useRevalidator();
  const busy = useNavigation().formData?.get("intent") === "prove";
  return (
    <section aria-labelledby="confirm" className={`${cardClass} mt-6 px-4 py-5 sm:px-6`}>
      <h2 id="confirm" className="font-semibold">
        {words.confirmTitle}
      </h2>
      <p className="mt-1 text-ink-soft">{words.confirmLead}</p>
      <Form
        method="post"
        noValidate
        className="mt-4 grid max-w-96 gap-5"
        onSubmit={(event) => busy && event.preventDefault()}
      >
        <ProofField methods={methods} error={error} onProved={revalidate} />
        <div>
          <Button type="submit" name="intent" value="prove" busy={busy}>
            {busy ? words.confirming : words.confirm}
          </Button>
        </div>
      </Form>
    </section>
  );
}

export function ErrorBoundary() {
  return <RouteError />;
}
