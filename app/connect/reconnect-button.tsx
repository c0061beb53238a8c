import { RefreshCw } from "lucide-react";
import { Button } from "../components/button.tsx";
import { text } from "../text.ts";
import { useConnect } from "./connect-context.ts";

/** Opens Link in update mode for one Item. */
export function ReconnectButton({ itemId, bank }: { itemId: string; bank: string }) {
  const { step, reconnect, prepare } = useConnect();
  return (
    <Button
      kind="secondary"
      icon={<RefreshCw className="-ml-0.5 size-4" aria-hidden="true" />}
      busy={step.name !== "idle"}
      aria-label={text.problem.reconnectBank(bank)}
      onPointerEnter={prepare}
      onFocus={prepare}
      onClick={() => reconnect(itemId)}
    >
      {text.connect.reconnect}
    </Button>
  );
}
