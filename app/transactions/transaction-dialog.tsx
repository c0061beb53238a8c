import { type FormEvent, useState } from "react";
import { Field } from "../auth/field.tsx";
import { Button } from "../components/button.tsx";
import { Dialog } from "../components/dialog.tsx";
import { FormAlert } from "../components/form-alert.tsx";
import { showSuccess } from "../components/toasts.tsx";
import { announceAccounts } from "../connect/account-news.ts";
import { type Failure, toFailure } from "../failure.ts";
import { loadTrpc } from "../trpc.ts";
import { words as detail } from "./detail-words.ts";
import type { ShownTransaction } from "./to-shown-days.server.ts";
import { words } from "./words.ts";

interface TransactionDialogProps {
  row: ShownTransaction;
  /** The formatted day. */
  day: string;
  onClose: () => void;
}

/**
 * All details of a transaction, and the user's corrections of the bank's data. Loaded when a row is opened.
 */
export function TransactionDialog({ row, day, onClose }: TransactionDialogProps) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const { id, name, fullName, category, account, amount, pending, corrected } = row;

  async function change(change: { category?: string | null; merchant?: string | null }) {
    setBusy(true);
    setFailure(null);
    try {
      const trpc = await loadTrpc();
      await trpc.transactions.correct.mutate({ transactionId: id, ...change });
      showSuccess("correction", detail.saved);
      announceAccounts(null);
      onClose();
    } catch (error) {
      setFailure(toFailure(error));
      setBusy(false);
    }
  }
  function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (busy) return;
    const form = new FormData(event.currentTarget);
    const merchant = String(form.get("merchant") ?? "").trim();
    const chosen = String(form.get("category") ?? "");
    const changed = {
      ...(merchant !== "" && merchant !== name && { merchant }),
      ...(chosen !== "" && chosen !== category && { category: chosen }),
    };
    if (Object.keys(changed).length === 0) onClose();
    else void change(changed);
  }

  const facts = [
    [detail.amount, amount],
    [detail.day, day],
    [detail.account, account],
    [detail.status, pending ? detail.pending : detail.posted],
    [detail.bankText, fullName],
  ];
  return (
    <Dialog open onOpenChange={(open) => open || busy || onClose()} title={name} lead={amount}>
      <dl className="mt-4 grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-1.5 text-sm">
        {facts.slice(1).map(([term, fact]) =>
          fact ? (
            <div key={term} className="contents">
              <dt className="text-ink-soft">{term}</dt>
              <dd className="wrap-anywhere">{fact}</dd>
            </div>
          ) : null,
        )}
      </dl>
      <form onSubmit={save} noValidate className="mt-5 grid gap-4 border-t border-line pt-5">
        <Field
          name="merchant"
          label={detail.merchant}
          error={undefined}
          defaultValue={name}
          maxLength={100}
          autoComplete="off"
          readOnly={busy}
        />
        <label className="block text-sm font-medium">
          <span className="mb-1.5 block">{words.category}</span>
          <select
            name="category"
            defaultValue={category ?? ""}
            className="h-11 w-full rounded-lg border border-field-line bg-surface px-3 text-base outline-none focus:border-accent focus:ring-3 focus:ring-accent/25"
          >
            {category === null ? <option value="">{words.noCategory}</option> : null}
            {Object.entries(words.categories).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <p className="text-sm text-ink-soft">{detail.kept}</p>
        {failure ? (
          <FormAlert>
            <p>{failure.message}</p>
          </FormAlert>
        ) : null}
        <div className="flex flex-wrap justify-end gap-2">
          {corrected ? (
            <Button
              kind="quiet"
              className="mr-auto"
              aria-disabled={busy}
              onClick={() => busy || void change({ category: null, merchant: null })}
            >
              {detail.reset}
            </Button>
          ) : null}
          <Button kind="secondary" aria-disabled={busy} onClick={() => busy || onClose()}>
            {detail.cancel}
          </Button>
          <Button type="submit" busy={busy}>
            {busy ? detail.saving : detail.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
