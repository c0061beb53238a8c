import { type FormEvent, useId, useState } from "react";
import { Button } from "../components/button.tsx";
import { Dialog } from "../components/dialog.tsx";
import { FormAlert } from "../components/form-alert.tsx";
import { showSuccess } from "../components/toasts.tsx";
import type { ShownAccount, ShownItem } from "../dashboard/to-shown-item.server.ts";
import { type Failure, toFailure } from "../failure.ts";
import { loadTrpc } from "../trpc.ts";
import { words } from "./account-names-words.ts";
import { announceAccounts } from "./account-news.ts";
import { words as choice } from "./choice-words.ts";

interface AccountNamesDialogProps {
  item: ShownItem;
  onClose: () => void;
}

/** Renames the accounts of a bank, and sets which of them count in totals. */
export function AccountNamesDialog({ item, onClose }: AccountNamesDialogProps) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const { bank, accounts } = item;

  async function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (busy) return;
    const form = new FormData(event.currentTarget);
    const changes = accounts.flatMap((account) => changeOf(account, form) ?? []);
    setBusy(true);
    setFailure(null);
    try {
      const trpc = await loadTrpc();
      await Promise.all(changes.map((change) => trpc.accounts.update.mutate(change)));
      if (changes.length > 0) showSuccess("connect", words.saved(bank));
      announceAccounts(null);
      onClose();
    } catch (error) {
      setFailure(toFailure(error));
      setBusy(false);
      announceAccounts(null);
    }
  }

  return (
    <Dialog
      open
      onOpenChange={(open) => open || busy || onClose()}
      title={words.title(bank)}
      lead={words.lead}
    >
      <form onSubmit={save} noValidate className="mt-4 grid gap-4">
        <ul className="-mx-1 grid max-h-[50dvh] gap-5 overflow-y-auto px-1 py-1">
          {accounts.map((account) => (
            <AccountFields key={account.id} account={account} busy={busy} />
          ))}
        </ul>
        {failure ? (
          <FormAlert>
            <p>{failure.message}</p>
          </FormAlert>
        ) : null}
        <div className="flex flex-wrap justify-end gap-2">
          <Button kind="secondary" aria-disabled={busy} onClick={() => busy || onClose()}>
            {choice.cancel}
          </Button>
          <Button type="submit" busy={busy}>
            {busy ? choice.saving : choice.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function AccountFields({ account, busy }: { account: ShownAccount; busy: boolean }) {
  const id = useId();
  const { name, bankName, kind, mask, hidden } = account;
  return (
    <li>
      <div className="mb-1.5 flex items-center justify-between gap-4 text-sm">
        <label htmlFor={id} className="min-w-0 truncate text-ink-soft">
          {kind}
          {mask ? (
            <>
              <span aria-hidden="true"> {mask.seen}</span>
              <span className="sr-only"> {mask.spoken}</span>
            </>
          ) : null}
        </label>
        <label className="flex min-h-8 shrink-0 cursor-pointer items-center gap-2">
          <input
            type="checkbox"
            name={`counts ${account.id}`}
            defaultChecked={!hidden}
            className="size-4 accent-accent"
          />
          {words.counts}
          <span className="sr-only">{name}</span>
        </label>
      </div>
      <input
        id={id}
        name={`name ${account.id}`}
        defaultValue={name}
        placeholder={bankName}
        maxLength={100}
        autoComplete="off"
        readOnly={busy}
        className="h-11 w-full rounded-lg border border-field-line bg-surface px-3 text-base outline-none placeholder:text-ink-soft focus:border-accent focus:ring-3 focus:ring-accent/25"
      />
    </li>
  );
}

/** Returns the changes of an account, or null. An empty name restores the bank's. */
function changeOf(account: ShownAccount, form: FormData) {
  const { id, bankName } = account;
  const typed = String(form.get(`name ${id}`) ?? "").trim() || bankName;
  const hidden = form.get(`counts ${id}`) === null;
  const change = {
    ...(typed !== account.name && { name: typed === bankName ? null : typed }),
    ...(hidden !== account.hidden && { hidden }),
  };
  return Object.keys(change).length > 0 ? { accountId: id, ...change } : null;
}
