import { Form, Link, useLocation, useNavigation } from "@remix-run/react";
import { type ReactNode, useEffect, useRef } from "react";
import { Button } from "../components/button.tsx";
import { Logo } from "../components/logo.tsx";
import { muteToasts } from "../components/toasts.tsx";
import type { AuthFormResult } from "./submit-auth-form.ts";

interface AuthPageProps {
  words: {
    title: string;
    lead: string;
    submit: string;
    busy: string;
    otherLead: string;
    other: string;
  };
  otherPath: "/login" | "/signup";
  result: AuthFormResult | undefined;
  children: ReactNode;
  /** Another way to log in, below the form. */
  beside?: ReactNode;
  /** An introduction of the product for new visitors. */
  about?: ReactNode;
}

/** The layout of the log-in and sign-up pages, around one form. */
export function AuthPage({ words, otherPath, result, children, beside, about }: AuthPageProps) {
  const form = useRef<HTMLFormElement>(null);
  const { search } = useLocation();
  const busy = useNavigation().formMethod === "POST";

  useEffect(muteToasts, []);

  useEffect(() => {
    const first = result ? "[aria-invalid=true]" : "[data-first]";
    form.current?.querySelector<HTMLElement>(first)?.focus();
  }, [result]);

  return (
    <div
      className={`mx-auto flex min-h-dvh w-full max-w-sm flex-col px-5 pt-6 pb-12 ${about ? "lg:max-w-5xl" : ""}`}
    >
      <header>
        <Logo />
      </header>
      <div className={about ? "lg:grid lg:grid-cols-[minmax(0,1fr)_22rem] lg:gap-x-24" : ""}>
        <main className="pt-[clamp(2.5rem,16dvh,10rem)] lg:col-start-2 lg:row-start-1">
          <h1 className="text-2xl font-semibold">{words.title}</h1>
          <p className="mt-1 text-ink-soft">{words.lead}</p>
          <Form
            method="post"
            ref={form}
            noValidate
            className="mt-7 grid gap-5"
            onSubmit={(event) => {
              if (busy) event.preventDefault();
            }}
          >
            {result?.message ? (
              <p
                id="form-message"
                role="alert"
                className="rounded-lg border border-danger/25 bg-danger-soft px-3.5 py-2.5 text-sm text-danger"
              >
                {result.message}
              </p>
            ) : null}
            {children}
            <Button type="submit" busy={busy} className="h-11 w-full">
              {busy ? words.busy : words.submit}
            </Button>
          </Form>
          {beside}
          <p className="mt-6 text-sm text-ink-soft">
            {words.otherLead}{" "}
            <Link to={`${otherPath}${search}`} className="rounded-sm py-2 font-medium text-link">
              {words.other}
            </Link>
          </p>
        </main>
        {about}
      </div>
    </div>
  );
}
