import { ExternalLink, ListChecks, Pencil, RefreshCw, Unplug } from "lucide-react";
import { Suspense, useCallback, useEffect, useRef, useState } from "react";
import { Menu, type MenuAction } from "../components/menu.tsx";
import { reloadPage, showProblem } from "../components/toasts.tsx";
import type { ShownItem } from "../dashboard/to-shown-item.server.ts";
import { text } from "../text.ts";
import { useConnect } from "./connect-context.ts";
import { useDisconnect } from "./disconnect-button.tsx";
import { lazyDialog } from "./lazy-dialog.tsx";
import { useRefresh } from "./use-refresh.ts";

const words = text.manage;

const loadChange = async () => (await import("./change-accounts-dialog.tsx")).ChangeAccountsDialog;
const ChangeAccountsDialog = lazyDialog(loadChange);
const loadNames = async () => (await import("./account-names-dialog.tsx")).AccountNamesDialog;
const AccountNamesDialog = lazyDialog(loadNames);

interface ItemMenuProps {
  item: ShownItem;
  /** How many more accounts the plan has room for. */
  room: number;
}

/**
 * What the user can always do with a connected bank. Accounts that the bank shares are chosen in a dialog;
 * for others Link opens, immediately if the dialog would have nothing to choose from.
 */
export function ItemMenu({ item, room }: ItemMenuProps) {
  const { step, open, prepare, changing, changeAccounts } = useConnect();
  const refresh = useRefresh(item);
  const disconnect = useDisconnect(item);
  const [naming, setNaming] = useState(false);
  const { id: itemId, bank, canOpenLink, notConnected, site } = item;
  const isDialog = notConnected.length > 0;

  const openBank = () => {
    changeAccounts(null);
    open({ itemId, chooseAccounts: true, returned: null });
  };
  const close = useCallback(() => changeAccounts(null), [changeAccounts]);
  const shown = useRef(changing);
  useEffect(() => {
    shown.current = changing;
  });
  // The dialog of a page that the user left must not open again when they come back.
  useEffect(
    () => () => {
      if (shown.current === itemId) changeAccounts(null);
    },
    [itemId, changeAccounts],
  );
  const fail = useCallback((closeIt: () => void) => {
    closeIt();
    const { notLoaded: message } = text.problem;
    showProblem("connect", { title: words.notLoaded, message, actions: [reloadPage] });
  }, []);
  const stopNaming = useCallback(() => setNaming(false), []);

  const actions: (MenuAction | null)[] = [
    refresh && {
      label: refresh.busy ? words.refreshing : words.refresh,
      icon: <RefreshCw className="size-4" aria-hidden="true" />,
      busy: refresh.busy,
      run: refresh.ask,
    },
    canOpenLink || isDialog
      ? {
          label: words.change,
          icon: <ListChecks className="size-4" aria-hidden="true" />,
          busy: step.name !== "idle",
          run: () => (isDialog ? changeAccounts(itemId) : openBank()),
        }
      : null,
    {
      label: words.names,
      icon: <Pencil className="size-4" aria-hidden="true" />,
      run: () => setNaming(true),
    },
    site === null
      ? null
      : {
          label: words.site,
          icon: <ExternalLink className="size-4" aria-hidden="true" />,
          run: () => window.open(site, "_blank", "noopener,noreferrer"),
        },
    {
      label: text.disconnect.button,
      icon: <Unplug className="size-4" aria-hidden="true" />,
      danger: true,
      run: disconnect.ask,
    },
  ];
  const ahead = () => {
    if (canOpenLink) prepare();
    for (const load of [loadNames, ...(isDialog ? [loadChange] : [])]) load().catch(() => {});
    disconnect.prepare();
  };
  return (
    <>
      <Menu
        label={words.button}
        name={words.bank(bank)}
        actions={actions.filter((action) => action !== null)}
        onApproach={ahead}
      />
      {changing === itemId ? (
        <Suspense>
          <ChangeAccountsDialog
            item={item}
            room={room}
            onOpenBank={canOpenLink ? openBank : null}
            onClose={close}
            onFail={() => fail(close)}
          />
        </Suspense>
      ) : null}
      {naming ? (
        <Suspense>
          <AccountNamesDialog item={item} onClose={stopNaming} onFail={() => fail(stopNaming)} />
        </Suspense>
      ) : null}
      {disconnect.dialog}
    </>
  );
}
