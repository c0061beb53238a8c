import { type ComponentPropsWithoutRef, useState } from "react";
import { Field } from "./field.tsx";
import { words as authWords } from "./page-words.ts";

type PasswordFieldProps = Omit<
  ComponentPropsWithoutRef<typeof Field>,
  "label" | "name" | "type"
> & { label?: string; name?: string };

/**
 * A password field with a button that shows the password, because users make fewer mistakes when they see it.
 */
export function PasswordField(props: PasswordFieldProps) {
  const [shown, setShown] = useState(false);
  return (
    <Field
      label={authWords.password}
      name="password"
      {...props}
      type={shown ? "text" : "password"}
      autoCapitalize="none"
      spellCheck={false}
      end={
        <button
          type="button"
          onClick={() => setShown(!shown)}
          aria-label={shown ? authWords.hidePassword : authWords.showPassword}
          // Hidden without JavaScript, because it would do nothing.
          className="absolute inset-y-0 right-0 min-w-14 cursor-pointer rounded-lg px-3 text-sm text-ink-soft hover:text-ink noscript:hidden"
        >
          {shown ? authWords.hide : authWords.show}
        </button>
      }
    />
  );
}
