import { useRevalidator } from "@remix-run/react";
import { type FormEvent, useState } from "react";
import type { Passkey } from "../../server/contracts/second-factors.ts";
import { Field } from "../auth/field.tsx";
import { Button } from "../components/button.tsx";
import { cardClass } from "../components/card.ts";
import { ConfirmButton } from "../components/confirm-button.tsx";
import { FormAlert } from "../components/form-alert.tsx";
import { LocalTime } from "../components/local-time.tsx";
import { toFailure } from "../failure.ts";
import { loadTrpc } from "../trpc.ts";
import { words as pageWords, removal } from "./words.ts";

const words = pageWords.passkeys;

interface PasskeysCardProps {
  passkeys: Passkey[];
  /** Called when a passkey was added, with its new backup codes. */
  onAdded: (backupCodes: string[] | null) => void;
}

/** Lists the passkeys, adds one and removes them. */
export function PasskeysCard({ passkeys, onAdded }: PasskeysCardProps) {
  return (
    <section aria-labelledby="passkeys" className={`${cardClass} mt-4`}>
      <div className="px-4 pt-5 pb-3 sm:px-6">
        <h2 id="passkeys" className="font-semibold">
          {words.title}
        </h2>
        <p className="mt-1 text-ink-soft">{words.lead}</p>
      </div>
      {passkeys.length > 0 ? (
        <ul className="divide-y divide-line border-t border-line">
          {passkeys.map((passkey) => (
            <PasskeyRow key={passkey.id} passkey={passkey} />
          ))}
        </ul>
      ) : null}
      <AddForm onAdded={onAdded} />
    </section>
  );
}

function PasskeyRow({ passkey }: { passkey: Passkey }) {
  const { id, name, createdAt, lastUsedAt } = passkey;
  return (
    <li className="flex items-center gap-4 px-4 py-3 sm:px-6">
      <div className="min-w-0 flex-1">
        <p className="font-medium wrap-anywhere">{name}</p>
        <p className="text-sm text-ink-soft">
          {words.made} <LocalTime iso={createdAt} /> ·{" "}
          {lastUsedAt ? (
            <>
              {words.lastUsed} <LocalTime iso={lastUsedAt} />
            </>
          ) : (
            words.neverUsed
          )}
        </p>
      </div>
      <ConfirmButton
        fields={{ intent: "remove-passkey", id }}
        words={{ ...removal, ...words.remove(name) }}
      />
    </li>
  );
}

function AddForm({ onAdded }: Pick<PasskeysCardProps, "onAdded">) {
  const { revalidate } = useRevalidator();
  const [busy, setBusy] = useState(false);
  const [nameNeeded, setNameNeeded] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  async function add(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (busy) return;
    const form = event.currentTarget;
    const name = String(new FormData(form).get("name") ?? "").trim();
    setNameNeeded(name === "");
    setProblem(null);
    if (name === "") return void form.querySelector("input")?.focus();
    setBusy(true);
    try {
      const [{ makePasskey }, trpc] = await Promise.all([
        import("../auth/passkeys.ts"),
        loadTrpc(),
      ]);
      const { options } = await trpc.secondFactors.passkeyOptions.mutate();
      const passkey = await makePasskey(options);
      if (passkey !== null) {
        const { backupCodes } = await trpc.secondFactors.addPasskey.mutate({ name, passkey });
        form.reset();
        onAdded(backupCodes);
      }
    } catch (error) {
      const { reason, message } = toFailure(error);
      setProblem(reason === "unknown" ? words.failed : message);
    }
    // If a proof was missing, the reloaded page asks for one.
    revalidate();
    setBusy(false);
  }

  return (
    <form
      onSubmit={add}
      noValidate
      className="grid gap-4 border-t border-line px-4 py-5 *:max-w-84 sm:px-6"
    >
      {problem ? <FormAlert>{problem}</FormAlert> : null}
      <Field
        name="name"
        label={words.name}
        hint={words.nameHint}
        autoComplete="off"
        maxLength={100}
        error={nameNeeded ? words.nameNeeded : undefined}
      />
      <div className="noscript:hidden">
        <Button type="submit" busy={busy}>
          {busy ? words.adding : words.add}
        </Button>
      </div>
      <noscript className="text-sm text-ink-soft">{words.needsScript}</noscript>
    </form>
  );
}
