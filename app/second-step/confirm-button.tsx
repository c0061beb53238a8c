import { useFetcher } from "@remix-run/react";
import { useState } from "react";
import { Button } from "../components/button.tsx";
import { Dialog } from "../components/dialog.tsx";
import { FormAlert } from "../components/form-alert.tsx";
import type { SecondStepResult } from "./result.ts";
import { words } from "./words.ts";

interface ConfirmButtonProps {
  intent: string;
  /** Of the passkey. */
  id?: string;
  button: string;
  label: string;
  title: string;
}

/** A button that takes something away, after a dialog. The dialog goes with what it took away. */
export function ConfirmButton({ intent, id, button, label, title }: ConfirmButtonProps) {
  const fetcher = useFetcher<SecondStepResult>();
  const [asking, setAsking] = useState(false);
  const busy = fetcher.state !== "idle";
  const message = fetcher.data?.message ?? fetcher.data?.fields?.password;
  return (
    <>
      <Button kind="secondary" aria-label={label} onClick={() => setAsking(true)}>
        {button}
      </Button>
      <Dialog open={asking} onOpenChange={setAsking} title={title} lead={words.removeLead}>
        <fetcher.Form
          method="post"
          className="mt-5 grid gap-5"
          onSubmit={(event) => busy && event.preventDefault()}
        >
          {message ? <FormAlert>{message}</FormAlert> : null}
          <input type="hidden" name="intent" value={intent} />
          {id === undefined ? null : <input type="hidden" name="id" value={id} />}
          <div className="flex flex-wrap justify-end gap-2">
            <Button kind="secondary" onClick={() => setAsking(false)}>
              {words.cancel}
            </Button>
            <Button kind="danger" type="submit" busy={busy}>
              {busy ? words.removing : button}
            </Button>
          </div>
        </fetcher.Form>
      </Dialog>
    </>
  );
}
