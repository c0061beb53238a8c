const looks = {
  good: "bg-accent-soft text-accent",
  warning: "bg-warn-soft text-warn",
  bad: "bg-danger-soft text-danger",
  over: "bg-sunken text-ink-soft",
};
export type StatusLook = keyof typeof looks;

/** A status in one word. */
export function StatusMark({ look, children }: { look: StatusLook; children: string }) {
  return (
    <span className={`rounded-full px-2 py-0.5 text-xs font-medium ${looks[look]}`}>
      {children}
    </span>
  );
}
