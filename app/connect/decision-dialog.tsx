import { Button } from "../components/button.tsx";
import { Dialog } from "../components/dialog.tsx";
import { words } from "./choice-words.ts";
import type { ConnectEvent, ConnectProblem } from "./connect-types.ts";

interface DecisionDialogProps {
  problem: ConnectProblem;
  onChoose: (event: ConnectEvent) => void;
  onClose: () => void;
}

/** What the user has to decide after Link, with the accounts that it is about. The first way on is the one to take. */
export function DecisionDialog({ problem, onChoose, onClose }: DecisionDialogProps) {
  const { title, message, accounts = [], actions } = problem;
  return (
    <Dialog open onOpenChange={(open) => open || onClose()} title={title} lead={message}>
      <ul
        // One that scrolls is reached by the keyboard.
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
