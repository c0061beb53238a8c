import { ListChecks } from "lucide-react";
import { Suspense, useCallback } from "react";
import { Button } from "../components/button.tsx";
import { showProblem } from "../components/toasts.tsx";
import type { ShownItem } from "../dashboard/write-item.server.ts";
import { text } from "../text.ts";
import { useConnect } from "./connect-context.ts";
import { lazyDialog } from "./lazy-dialog.tsx";
import { RefreshButton } from "./refresh-button.tsx";

const words = text.chooseAccounts;

const load = async () => (await import("./change-accounts-dialog.tsx")).ChangeAccountsDialog;
const ChangeAccountsDialog = lazyDialog(load);

interface ItemActionsProps {
  item: ShownItem;
  /** How many more accounts the plan has room for. */
  room: number;
}

/**
 * What the user can do with a connected bank at any time. Accounts that the bank shares are chosen here;
 * for others Link opens, at once where there are no accounts to choose from here.
 */
export function ItemActions({ item, room }: ItemActionsProps) {
  const { step, open, prepare, changing, changeAccounts } = useConnect();
  const { id: itemId, bank, isOpen, notConnected } = item;
  const isDialog = notConnected.length > 0;
  const openBank = () => {
    changeAccounts(null);
    open({ itemId, chooseAccounts: true, returned: null });
  };
  const close = useCallback(() => changeAccounts(null), [changeAccounts]);
  const fail = useCallback(() => {
    close();
    const message = text.problem.network;
    showProblem("connect", { title: words.notLoaded, message, actions: [] });
  }, [close]);
  const ahead = () => {
    if (isOpen) prepare();
    if (isDialog) load().catch(() => {});
  };
  return (
    <>
      <RefreshButton item={item} />
      {isOpen || isDialog ? (
        <Button
          kind="quiet"
          className="max-sm:px-2.5"
          icon={<ListChecks className="-ml-0.5 size-4 max-sm:hidden" aria-hidden="true" />}
          busy={step.name !== "idle"}
          aria-haspopup={isDialog ? "dialog" : undefined}
          aria-label={words.changeAt(bank)}
          onPointerEnter={ahead}
          onFocus={ahead}
          onClick={() => (isDialog ? changeAccounts(itemId) : openBank())}
        >
          {words.change}
        </Button>
      ) : null}
      {changing === itemId ? (
        <Suspense>
          <ChangeAccountsDialog
            item={item}
            room={room}
            onOpenBank={isOpen ? openBank : null}
            onClose={close}
            onFail={fail}
          />
        </Suspense>
      ) : null}
    </>
  );
}
