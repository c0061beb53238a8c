import { useFetcher } from "@remix-run/react";
import type { ReactNode } from "react";
import { Button } from "../components/button.tsx";
import type { FormResult } from "../settings/form-result.ts";

interface ActionFormProps {
  /** The page that gets the form; the current one by default. */
  action?: string;
  /** The field that is sent. */
  name: "id" | "intent";
  value: string;
  button: string;
  busyLabel: string;
  /** The button's name for screen readers, where its text alone is ambiguous. */
  label?: string;
  className?: string;
  children?: ReactNode;
}

/** One button that submits to a page's action, and its error. */
export function ActionForm(props: ActionFormProps) {
  const { action, name, value, button, busyLabel, label, className, children } = props;
  const fetcher = useFetcher<FormResult>();
  const busy = fetcher.state !== "idle";
  const message = fetcher.data?.message;
  return (
    <fetcher.Form
      method="post"
      action={action}
      onSubmit={(submit) => busy && submit.preventDefault()}
      className={className}
    >
      {children}
      <input type="hidden" name={name} value={value} />
      <Button kind="secondary" type="submit" busy={busy} aria-label={label}>
        {busy ? busyLabel : button}
      </Button>
      {message ? (
        <p role="alert" className="mt-1.5 basis-full text-sm text-danger">
          {message}
        </p>
      ) : null}
    </fetcher.Form>
  );
}
