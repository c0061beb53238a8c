import type { ReactNode } from "react";

/** What went wrong with a form as a whole: said at once, and beside it until it is sent again. */
export function FormAlert({ children }: { children: ReactNode }) {
  return (
    <div role="alert" className="rounded-lg bg-danger-soft px-3.5 py-2.5 text-sm text-danger">
      {children}
    </div>
  );
}
