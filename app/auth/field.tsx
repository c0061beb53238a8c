import type { ComponentPropsWithoutRef, ReactNode } from "react";

interface FieldProps extends ComponentPropsWithoutRef<"input"> {
  name: string;
  label: string;
  hint?: string;
  error: string | undefined;
  /** The id of a message about the whole form that this field caused. */
  blamedBy?: string | undefined;
  /** Content at the right end of the input. */
  end?: ReactNode;
}

/** A labelled input with its hint and its error, linked to each other for screen readers. */
export function Field({ name, label, hint, error, blamedBy, end, ...input }: FieldProps) {
  const describedBy = [blamedBy, error && `${name}-error`, hint && !error && `${name}-hint`]
    .filter(Boolean)
    .join(" ");
  return (
    <div>
      <label htmlFor={name} className="mb-1.5 block text-sm font-medium">
        {label}
      </label>
      <div className="relative">
        <input
          {...input}
          id={name}
          name={name}
          aria-invalid={error || blamedBy ? true : undefined}
          aria-describedby={describedBy || undefined}
          // 16 px, because iOS zooms in on smaller inputs.
          className={`h-11 w-full rounded-lg border border-field-line bg-surface px-3 text-base transition-colors outline-none focus:border-accent focus:ring-3 focus:ring-accent/25 aria-invalid:border-danger aria-invalid:focus:ring-danger/25 ${end ? "pr-17" : ""}`}
        />
        {end}
      </div>
      {error ? (
        <p id={`${name}-error`} className="mt-1.5 text-sm text-danger">
          {error}
        </p>
      ) : hint ? (
        <p id={`${name}-hint`} className="mt-1.5 text-sm text-ink-soft">
          {hint}
        </p>
      ) : null}
    </div>
  );
}
