import { useNavigate } from "@remix-run/react";
import { Plus } from "lucide-react";
import { useState } from "react";
import type { LinkKind } from "../../server/contracts/connect.ts";
import { Button } from "../components/button.tsx";
import { showProblem } from "../components/toasts.tsx";
import { text } from "../text.ts";
import { connectButtonId, useConnect } from "./connect-context.ts";
import { KindChoice } from "./kind-choice.tsx";

interface ConnectButtonProps {
  /** Why no bank can be connected now (the plan is full), shown before Link opens; else null. */
  full: string | null;
  className?: string;
}

/** Opens Link. It shows that it is busy, or why it is unavailable, without moving or losing the focus. */
export function ConnectButton({ full, className }: ConnectButtonProps) {
  const { step, open, prepare } = useConnect();
  const navigate = useNavigate();
  const [kind, setKind] = useState<LinkKind>("bank");
  return (
    // Columns of fixed width, so that nothing moves when a page is painted before all of it has arrived.
    <div className="grid items-center gap-3 max-sm:w-full sm:justify-center sm:grid-cols-[minmax(21rem,auto)_minmax(11rem,auto)]">
      <KindChoice chosen={kind} onChoose={setKind} />
      <Button
        id={connectButtonId}
        icon={<Plus className="-ml-0.5 size-4" aria-hidden="true" />}
        busy={step.name !== "idle"}
        aria-disabled={full !== null}
        aria-describedby={full === null ? undefined : "plan-full"}
        className={className}
        onPointerEnter={full === null ? prepare : undefined}
        onFocus={full === null ? prepare : undefined}
        onClick={() => {
          if (full === null) open({ itemId: null, returned: null, kind });
          else {
            showProblem("connect", {
              title: text.problem.limit,
              message: full,
              actions: [{ label: text.plan.see, run: () => navigate("/settings/plan") }],
            });
          }
        }}
      >
        {text.connect.button}
      </Button>
      <span className="sr-only" role="status">
        {step.name === "opening" ? text.connect.opening : ""}
      </span>
    </div>
  );
}
