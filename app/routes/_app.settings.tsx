import { NavLink, Outlet } from "@remix-run/react";
import {
  Bell,
  KeyRound,
  Layers,
  type LucideIcon,
  ShieldCheck,
  UserRound,
  Webhook,
} from "lucide-react";
import { text } from "../text.ts";

const pages: [page: keyof typeof text.settings, path: string, Icon: LucideIcon][] = [
  ["account", "/settings/account", UserRound],
  ["security", "/settings/security", ShieldCheck],
  ["notifications", "/settings/notifications", Bell],
  ["apiKeys", "/settings/api-keys", KeyRound],
  ["webhooks", "/settings/webhooks", Webhook],
  ["plan", "/settings/plan", Layers],
];

/** The layout of the settings pages: links in rows above them, or in a column beside them on wide screens. */
export default function Settings() {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-x-12 gap-y-6 lg:grid-cols-[11rem_minmax(0,1fr)]">
      <nav
        aria-label={text.settings.label}
        className="-mx-2 -mt-3 flex flex-wrap content-start border-line pb-2 max-lg:border-b sm:gap-1 lg:mx-0 lg:-mt-1 lg:grid lg:pb-0"
      >
        {pages.map(([page, path, Icon]) => (
          <NavLink
            key={path}
            to={path}
            prefetch="intent"
            className="flex hit-area shrink-0 items-center gap-2.5 rounded-lg px-2 text-sm font-medium text-ink-soft transition-colors hover:bg-sunken hover:text-ink sm:px-3 aria-[current=page]:bg-sunken aria-[current=page]:text-ink"
          >
            <Icon className="size-4 max-sm:hidden" aria-hidden="true" />
            {text.settings[page]}
          </NavLink>
        ))}
      </nav>
      <div className="min-w-0 max-w-220">
        <Outlet />
      </div>
    </div>
  );
}
