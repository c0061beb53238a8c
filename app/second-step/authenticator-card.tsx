import { Form, useNavigation } from "@remix-run/react";
import { Field } from "../auth/field.tsx";
import { Button } from "../components/button.tsx";
import { cardClass } from "../components/card.ts";
import { ConfirmButton } from "../components/confirm-button.tsx";
import { LocalTime } from "../components/local-time.tsx";
import type { SecondStepResult } from "./result.ts";
import { words as pageWords, removal } from "./words.ts";

const words = pageWords.authenticator;

interface AuthenticatorCardProps {
  since: string | null;
  result: SecondStepResult | undefined;
}

/** Sets up an authenticator app by QR code, and removes it. */
export function AuthenticatorCard({ since, result }: AuthenticatorCardProps) {
  const started = since === null ? result?.started : undefined;
  return (
    <section aria-labelledby="authenticator" className={`${cardClass} mt-4 px-4 py-5 sm:px-6`}>
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0 basis-60 grow">
          <h2 id="authenticator" className="font-semibold">
            {words.title}
          </h2>
          <p className="mt-1 text-ink-soft">
            {since === null ? (
              words.off
            ) : (
              <>
                {words.since} <LocalTime iso={since} />
              </>
            )}
          </p>
        </div>
        {since !== null ? (
          <ConfirmButton
            fields={{ intent: "remove-authenticator" }}
            words={{ ...removal, ...words.remove }}
          />
        ) : null}
        {since === null && !started ? <StartForm /> : null}
      </div>
      {started ? <ConfirmForm started={started} error={result?.fields?.code} /> : null}
    </section>
  );
}

function StartForm() {
  const busy = useNavigation().formData?.get("intent") === "start-authenticator";
  return (
    <Form method="post" preventScrollReset onSubmit={(event) => busy && event.preventDefault()}>
      <Button type="submit" name="intent" value="start-authenticator" busy={busy}>
        {busy ? words.settingUp : words.setUp}
      </Button>
    </Form>
  );
}

interface ConfirmFormProps {
  started: NonNullable<SecondStepResult["started"]>;
  error: string | undefined;
}

function ConfirmForm({ started: { secret, uri, qr, size }, error }: ConfirmFormProps) {
  const busy = useNavigation().formData?.get("intent") === "confirm-authenticator";
  return (
    <Form
      method="post"
      noValidate
      preventScrollReset
      className="mt-5 grid gap-5 sm:grid-cols-[11rem_minmax(0,1fr)]"
      onSubmit={(event) => busy && event.preventDefault()}
    >
      {/* Dark on light in both color schemes: not every camera reads the reverse. */}
      <svg
        role="img"
        aria-label={words.qr}
        viewBox={`0 0 ${size} ${size}`}
        shapeRendering="crispEdges"
        className="size-44 rounded-lg bg-white"
      >
        <path d={qr} fill="#000" />
      </svg>
      <div className="grid content-start gap-5">
        <div>
          <p>{words.scan}</p>
          <p className="mt-2 text-sm text-ink-soft">{words.type}</p>
          <p className="mt-1 font-mono text-sm wrap-anywhere">
            {secret.replace(/(.{4})(?=.)/g, "$1 ")}
          </p>
        </div>
        <input type="hidden" name="secret" value={secret} />
        <input type="hidden" name="uri" value={uri} />
        <Field
          name="code"
          label={words.code}
          inputMode="numeric"
          autoComplete="one-time-code"
          maxLength={20}
          data-first
          error={error}
        />
        <div>
          <Button type="submit" name="intent" value="confirm-authenticator" busy={busy}>
            {busy ? words.turningOn : words.turnOn}
          </Button>
        </div>
      </div>
    </Form>
  );
}
