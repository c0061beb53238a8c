import { useState } from "react";
import { Button } from "../components/button.tsx";
import { Dialog } from "../components/dialog.tsx";
import { reloadPage, showProblem, showSuccess } from "../components/toasts.tsx";
import type { ShownItem } from "../dashboard/to-shown-item.server.ts";
import { type Failure, toFailure } from "../failure.ts";
import { loadTrpc } from "../trpc.ts";
import { AccountChoice } from "./account-choice.tsx";
import { announceAccounts } from "./account-news.ts";

import { words } from "./choice-words.ts";

interface ChangeAccountsDialogProps {
  item: ShownItem;
  /** How many accounts the plan has room for in addition to this bank's. */
  room: number;
  /** Opens Link for accounts that the bank does not share yet; null where that is not possible. */
  onOpenBank: (() => void) | null;
  onClose: () => void;
}

/** Changes which of the accounts that a bank shares are connected, without Link. */
export function ChangeAccountsDialog({
  item,
  room,
  onOpenBank,
  onClose,
}: ChangeAccountsDialogProps) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const { id: itemId, bank, accounts, notConnected } = item;
  const connected = accounts.map(({ id }) => id);
  const most = Math.max(room + accounts.length, 0);
  const all = [...accounts, ...notConnected].map(({ id, name, kind, mask }) => ({
    id,
    name,
    below: mask ? `${kind} ${mask.seen}` : kind,
  }));

  async function save(accountIds: string[]) {
    setBusy(true);
    setFailure(null);
    try {
      const trpc = await loadTrpc();
      const { added } = await trpc.items.chooseAccounts.mutate({ itemId, accountIds });
      const wanted = accountIds.filter((id) => !connected.includes(id)).length;
      if (added < wanted) {
        const [title, message] = [words.notAdded, words.notAddedWhy];
        const action = onOpenBank ? { label: words.more(bank), run: onOpenBank } : reloadPage;
        showProblem("connect", { title, message, actions: [action] });
      } else showSuccess("connect", words.changed(bank));
      announceAccounts(null);
      onClose();
    } catch (error) {
      setFailure(toFailure(error));
      setBusy(false);
      // Another tab may have changed the accounts to choose from.
      announceAccounts(null);
    }
  }

  return (
    <Dialog
      open
      onOpenChange={(open) => open || busy || onClose()}
      title={words.changeTitle(bank)}
      lead={all.length > most ? words.title(most, all.length) : words.changeLead}
    >
      <AccountChoice
        accounts={all}
        room={most}
        chosen={connected}
        submit={() => (busy ? words.saving : words.save)}
        busy={busy}
        failure={failure}
        onSubmit={save}
        onCancel={onClose}
      >
        {(chosen) => {
          const out = accounts.filter(({ id }) => !chosen.has(id)).map(({ name }) => name);
          return (
            <>
              <div className="text-sm text-warn empty:hidden" role="status">
                {out.length > 0 ? (
                  <>
                    <p>{words.removes(out.length)}</p>
                    <ul className="mt-1 list-disc pl-5">
                      {out.map((name) => (
                        <li key={name}>{name}</li>
                      ))}
                    </ul>
                  </>
                ) : null}
              </div>
              {onOpenBank ? (
                <Button
                  kind="quiet"
                  className="-mx-2 justify-self-start px-2 text-left whitespace-normal!"
                  onClick={onOpenBank}
                >
                  {words.more(bank)}
                </Button>
              ) : null}
            </>
          );
        }}
      </AccountChoice>
    </Dialog>
  );
}
