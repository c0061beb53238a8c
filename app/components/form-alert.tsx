import type { ReactNode } from "react";

/** An error of a whole form: announced at once, and shown until the form is sent again. */
export function FormAlert({ children }: { children: ReactNode }) {
  return (
    <div role="alert" className="rounded-lg bg-danger-soft px-3.5 py-2.5 text-sm text-danger">
      {children}
    </div>
  );
}
