import type { ReactNode } from "react";
import { Logo } from "../components/logo.tsx";

/** The layout of a page that an email links to: one message, one action. */
export function PlainPage({
  title,
  lead,
  children,
}: {
  title: string;
  lead?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <div className="mx-auto flex min-h-dvh w-full max-w-sm flex-col px-5 pt-6 pb-12">
      <header>
        <Logo />
      </header>
      <main className="pt-[clamp(2.5rem,16dvh,10rem)]">
        <h1 className="text-2xl font-semibold">{title}</h1>
        {lead ? <div className="mt-1 wrap-anywhere text-ink-soft">{lead}</div> : null}
        {children ? <div className="mt-7 grid gap-5">{children}</div> : null}
      </main>
    </div>
  );
}
