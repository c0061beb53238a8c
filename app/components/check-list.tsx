import { type ReactNode, useId } from "react";

interface CheckListProps<Value extends string> {
  /** The name of every box. */
  name: string;
  legend: string;
  options: readonly Value[];
  isChecked: (option: Value) => boolean;
  label: (option: Value) => ReactNode;
  error: string | undefined;
}

/** Check boxes with the same name, and the error of the choice. */
export function CheckList<Value extends string>({
  name,
  legend,
  options,
  isChecked,
  label,
  error,
}: CheckListProps<Value>) {
  const errorId = useId();
  return (
    <fieldset>
      <legend className="mb-1.5 text-sm font-medium">{legend}</legend>
      {options.map((option) => (
        <label key={option} className="flex hit-area cursor-pointer items-center gap-3 py-0.5">
          <input
            type="checkbox"
            name={name}
            value={option}
            defaultChecked={isChecked(option)}
            aria-invalid={error !== undefined || undefined}
            aria-describedby={error === undefined ? undefined : errorId}
            className="size-4 shrink-0 accent-accent"
          />
          <span>{label(option)}</span>
        </label>
      ))}
      {error === undefined ? null : (
        <p id={errorId} className="mt-1.5 text-sm text-danger">
          {error}
        </p>
      )}
    </fieldset>
  );
}
