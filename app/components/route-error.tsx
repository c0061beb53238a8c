import { ErrorMessage } from "./error-page.tsx";

/** What a page behind the log-in shows in its place when it could not be loaded; the frame stays. */
export function RouteError() {
  return (
    <div className="grid place-items-center py-20">
      <ErrorMessage />
    </div>
  );
}
