import { useFetcher } from "@remix-run/react";
import { type ReactNode, useState } from "react";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { FormAlert } from "./form-alert.tsx";

/** What the page's action returns when it fails. */
interface Refusal {
  message?: string | null;
  fields?: { password?: string };
}

interface ConfirmButtonProps {
  /** What the form sends to the page's action. */
  fields: Record<string, string>;
  /** `label` is the button's name for screen readers; `busy` is its label while the form is sent. */
  words: {
    button: string;
    label: string;
    title: string;
    lead: string;
    busy: string;
    cancel: string;
  };
  /** What the dialog shows of the thing that is removed. */
  children?: ReactNode;
}

/** A button that removes something, after a dialog. When what it belongs to is removed, so is the dialog. */
export function ConfirmButton({ fields, words, children }: ConfirmButtonProps) {
  const fetcher = useFetcher<Refusal>();
  const [asking, setAsking] = useState(false);
  const busy = fetcher.state !== "idle";
  const message = fetcher.data?.message ?? fetcher.data?.fields?.password;
  return (
    <>
      <Button kind="secondary" aria-label={words.label} onClick={() => setAsking(true)}>
        {words.button}
      </Button>
      <Dialog
        open={asking}
        onOpenChange={(open) => busy || setAsking(open)}
        title={words.title}
        lead={words.lead}
      >
        {children}
        <fetcher.Form
          method="post"
          className="mt-5 grid gap-5"
          onSubmit={(event) => busy && event.preventDefault()}
        >
          {message ? <FormAlert>{message}</FormAlert> : null}
          {Object.entries(fields).map(([name, value]) => (
            <input key={name} type="hidden" name={name} value={value} />
          ))}
          <div className="flex flex-wrap justify-end gap-2">
            <Button kind="secondary" aria-disabled={busy} onClick={() => busy || setAsking(false)}>
              {words.cancel}
            </Button>
            <Button kind="danger" type="submit" busy={busy}>
              {busy ? words.busy : words.button}
            </Button>
          </div>
        </fetcher.Form>
      </Dialog>
    </>
  );
}
