import { Button } from "../components/button.tsx";
import { Dialog } from "../components/dialog.tsx";
import { words } from "./choice-words.ts";
import type { ConnectEvent, ConnectProblem } from "./connect-types.ts";

interface DecisionDialogProps {
  problem: ConnectProblem;
  onChoose: (event: ConnectEvent) => void;
  onClose: () => void;
}

/**
 * Asks the user to decide something after Link, with the affected accounts. The first action is the
 * recommended one.
 */
export function DecisionDialog({ problem, onChoose, onClose }: DecisionDialogProps) {
  const { title, message, accounts = [], actions } = problem;
  return (
    <Dialog open onOpenChange={(open) => open || onClose()} title={title} lead={message}>
      <ul
        // A list that scrolls must be focusable for keyboard users.
        tabIndex={accounts.length > 6 ? 0 : undefined}
        aria-label={words.legend}
        className="mt-4 max-h-[40dvh] divide-y divide-line overflow-y-auto rounded-xl border border-line"
      >
        {accounts.map((account) => (
          <li key={account} className="truncate px-4 py-2.5 text-sm" title={account}>
            {account}
          </li>
        ))}
      </ul>
      <div className="mt-5 flex flex-wrap-reverse justify-end gap-2">
        <Button kind="quiet" onClick={onClose}>
          {words.cancel}
        </Button>
        {actions
          .map(({ label, event }, at) => (
            <Button
              key={label}
              kind={at === 0 ? "primary" : "secondary"}
              onClick={() => onChoose(event)}
            >
              {label}
            </Button>
          ))
          .reverse()}
      </div>
    </Dialog>
  );
}
