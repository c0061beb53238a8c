import { ListChecks, RefreshCw } from "lucide-react";
import { Button } from "../components/button.tsx";
import type { ShownItem } from "../dashboard/to-shown-item.server.ts";
import { text } from "../text.ts";
import { useConnect } from "./connect-context.ts";

/**
 * Opens Link for one Item: in update mode, to log in again or to choose its accounts; if access has ended,
 * for a new connection that takes over its accounts.
 */
export function ReconnectButton({ item: { id, bank, requiredAction } }: { item: ShownItem }) {
  const { step, open, prepare } = useConnect();
  const choose = requiredAction?.action === "choose";
  const again = requiredAction?.action === "connect_again";
  const Icon = choose ? ListChecks : RefreshCw;
  return (
    <Button
      kind="secondary"
      icon={<Icon className="-ml-0.5 size-4" aria-hidden="true" />}
      busy={step.name !== "idle"}
      aria-label={
        choose
          ? text.connect.chooseAt(bank)
          : again
            ? text.connect.againBank(bank)
            : text.problem.reconnectBank(bank)
      }
      onPointerEnter={prepare}
      onFocus={prepare}
      onClick={() =>
        open(
          again
            ? { itemId: null, returned: null, connectAgain: id }
            : { itemId: id, returned: null },
        )
      }
    >
      {choose ? text.connect.choose : again ? text.problem.connectAgain : text.connect.reconnect}
    </Button>
  );
}
