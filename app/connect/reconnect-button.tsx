import { ListChecks, RefreshCw } from "lucide-react";
import { Button } from "../components/button.tsx";
import type { ShownItem } from "../dashboard/write-item.server.ts";
import { text } from "../text.ts";
import { useConnect } from "./connect-context.ts";

/** Opens Link in update mode for one Item: to log in again, or to choose its accounts. */
export function ReconnectButton({ item: { id, bank, asks } }: { item: ShownItem }) {
  const { step, open, prepare } = useConnect();
  const choose = asks?.way === "choose";
  const Icon = choose ? ListChecks : RefreshCw;
  return (
    <Button
      kind="secondary"
      icon={<Icon className="-ml-0.5 size-4" aria-hidden="true" />}
      busy={step.name !== "idle"}
      aria-label={choose ? text.connect.chooseAt(bank) : text.problem.reconnectBank(bank)}
      onPointerEnter={prepare}
      onFocus={prepare}
      onClick={() => open({ itemId: id, returned: null })}
    >
      {choose ? text.connect.choose : text.connect.reconnect}
    </Button>
  );
}
