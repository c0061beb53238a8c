import { ErrorMessage } from "./error-page.tsx";

/** Shown in place of a page behind the log-in that could not be loaded; the layout around it stays. */
export function RouteError() {
  return (
    <div className="grid place-items-center py-20">
      <ErrorMessage />
    </div>
  );
}
