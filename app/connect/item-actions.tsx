import { ListChecks } from "lucide-react";
import { Suspense, useCallback } from "react";
import { Button } from "../components/button.tsx";
import { showProblem } from "../components/toasts.tsx";
import type { ShownItem } from "../dashboard/write-item.server.ts";
import { text } from "../text.ts";
import { useConnect } from "./connect-context.ts";
import { lazyDialog } from "./lazy-dialog.tsx";

const words = text.chooseAccounts;

const load = async () => (await import("./change-accounts-dialog.tsx")).ChangeAccountsDialog;
const ChangeAccountsDialog = lazyDialog(load);
const prepare = () => void load().catch(() => {});

interface ItemActionsProps {
  item: ShownItem;
  /** How many more accounts the plan has room for. */
  room: number;
}

/** What the user can do with a connected bank at any time. */
export function ItemActions({ item, room }: ItemActionsProps) {
  const { changing, changeAccounts } = useConnect();
  const close = useCallback(() => changeAccounts(null), [changeAccounts]);
  const fail = useCallback(() => {
    close();
    const message = text.problem.network;
    showProblem("connect", { title: words.notLoaded, message, actions: [] });
  }, [close]);
  return (
    <>
      {item.notConnected.length > 0 ? (
        <Button
          kind="quiet"
          icon={<ListChecks className="-ml-0.5 size-4" aria-hidden="true" />}
          aria-haspopup="dialog"
          aria-label={words.changeAt(item.bank)}
          onPointerEnter={prepare}
          onFocus={prepare}
          onClick={() => changeAccounts(item.id)}
        >
          {words.change}
        </Button>
      ) : null}
      {changing === item.id ? (
        <Suspense>
          <ChangeAccountsDialog
            item={item}
            room={room}
            onOpenBank={null}
            onClose={close}
            onFail={fail}
          />
        </Suspense>
      ) : null}
    </>
  );
}
