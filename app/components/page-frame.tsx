import { Form, Link, NavLink } from "@remix-run/react";
import { Keyboard, LogOut, Settings } from "lucide-react";
import { type MouseEvent, type ReactNode, Suspense, useCallback, useState } from "react";
import type { Viewer } from "../../server/contracts/session.ts";
import { SchemeForm } from "../appearance/scheme-form.tsx";
import { lazyDialog } from "../connect/lazy-dialog.tsx";
import { useShortcuts } from "../shortcuts/use-shortcuts.ts";
import { text } from "../text.ts";
import { buttonClass } from "./button.tsx";
import { Logo } from "./logo.tsx";
import { initialsOf, Monogram } from "./monogram.tsx";
import { reloadPage, showProblem } from "./toasts.tsx";

const ShortcutSheet = lazyDialog(
  async () => (await import("../shortcuts/shortcut-sheet.tsx")).ShortcutSheet,
);

/** The layout of every page behind the log-in. */
export function PageFrame({ viewer, children }: { viewer: Viewer; children: ReactNode }) {
  const [isSheet, setSheet] = useState(false);
  const openSheet = useCallback(() => setSheet(true), []);
  const closeSheet = useCallback(() => setSheet(false), []);
  const failSheet = useCallback(() => {
    setSheet(false);
    const { notLoaded: message } = text.problem;
    showProblem("shortcuts", { title: text.manage.notLoaded, message, actions: [reloadPage] });
  }, []);
  useShortcuts(openSheet);
  return (
    <>
      <a
        href="#content"
        className="fixed top-2 left-2 z-30 -translate-y-16 rounded-lg bg-surface px-4 py-2.5 font-medium focus:translate-y-0 focus:shadow-raised"
      >
        {text.nav.skip}
      </a>
      <header className="sticky top-0 z-20 border-b border-line bg-ground/90 backdrop-blur-md">
        <div className="mx-auto flex h-15 max-w-6xl 2xl:max-w-[88rem] items-center gap-1 px-4 sm:gap-6 sm:px-6">
          <Link to="/dashboard" className="flex items-center rounded-md py-2">
            <Logo compact />
          </Link>
          <nav
            aria-label={text.nav.label}
            // Longer words than English ones scroll, on a phone.
            className="-my-1 flex min-w-0 flex-1 justify-center-safe overflow-x-auto py-1 [scrollbar-width:none] sm:justify-start sm:gap-1"
          >
            <NavItem to="/dashboard">{text.nav.dashboard}</NavItem>
            <NavItem to="/transactions">{text.nav.transactions}</NavItem>
            <NavItem to="/activity">{text.nav.activity}</NavItem>
          </nav>
          <AccountMenu viewer={viewer} onShortcuts={openSheet} />
        </div>
      </header>
      <main
        id="content"
        tabIndex={-1}
        className="mx-auto max-w-6xl px-4 pt-8 2xl:max-w-[88rem] pb-24 sm:px-6 sm:pt-10"
      >
        {children}
      </main>
      {isSheet ? (
        <Suspense>
          <ShortcutSheet onClose={closeSheet} onFail={failSheet} />
        </Suspense>
      ) : null}
    </>
  );
}

function NavItem({ to, children }: { to: string; children: ReactNode }) {
  return (
    <NavLink
      to={to}
      prefetch="intent"
      className="flex hit-area shrink-0 items-center rounded-lg px-2 text-sm font-medium text-ink-soft transition-colors hover:bg-sunken hover:text-ink sm:px-3 aria-[current=page]:text-ink"
    >
      {children}
    </NavLink>
  );
}

/**
 * The name of the user, and the log-out. It uses the browser's popover, which works without JavaScript too.
 */
function AccountMenu({ viewer, onShortcuts }: { viewer: Viewer; onShortcuts: () => void }) {
  return (
    <>
      <button
        type="button"
        {...{ popovertarget: "account-menu" }}
        // Includes the visible text, because users of voice control say it to press the button.
        aria-label={text.nav.account(initialsOf(viewer.name))}
        className="-mr-1.5 grid size-11 shrink-0 cursor-pointer place-items-center rounded-full"
      >
        <Monogram name={viewer.name} shape="circle" />
      </button>
      <div
        id="account-menu"
        {...{ popover: "auto" }}
        className="fixed inset-auto top-14 right-4 m-0 w-max max-w-[calc(100vw-2rem)] min-w-64 rounded-xl border border-line bg-surface p-1.5 text-ink shadow-raised sm:right-[max(1.5rem,calc((100%-72rem)/2+1.5rem))] 2xl:right-[max(1.5rem,calc((100%-88rem)/2+1.5rem))]"
      >
        <div className="mb-1.5 border-b border-line px-3 pt-2 pb-2.5">
          <p className="truncate font-medium" title={viewer.name}>
            {viewer.name}
          </p>
          <p className="truncate text-sm text-ink-soft" title={viewer.email}>
            {viewer.email}
          </p>
        </div>
        <MenuLink to="/settings/account" icon={<Settings className="size-4" aria-hidden="true" />}>
          {text.nav.settings}
        </MenuLink>
        <button
          type="button"
          className={buttonClass(
            "quiet",
            "w-full justify-start px-3 noscript:hidden max-sm:hidden",
          )}
          onClick={(event) => {
            closeMenu(event);
            onShortcuts();
          }}
        >
          <Keyboard className="size-4" aria-hidden="true" />
          {text.nav.shortcuts}
        </button>
        <div className="my-1.5">
          <SchemeForm />
        </div>
        {/* The whole page, so that nothing of this user is left in it, and no response arrives later. */}
        <Form method="post" action="/logout" reloadDocument>
          <button type="submit" className={buttonClass("quiet", "w-full justify-start px-3")}>
            <LogOut className="size-4" aria-hidden="true" />
            {text.nav.logOut}
          </button>
        </Form>
      </div>
    </>
  );
}

function MenuLink({ to, icon, children }: { to: string; icon: ReactNode; children: ReactNode }) {
  return (
    <Link to={to} className={buttonClass("quiet", "w-full justify-start px-3")} onClick={closeMenu}>
      {icon}
      {children}
    </Link>
  );
}

function closeMenu({ currentTarget }: MouseEvent<HTMLElement>) {
  currentTarget.closest<HTMLElement>("[popover]")?.hidePopover();
}
