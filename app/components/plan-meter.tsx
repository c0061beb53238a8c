import type { PlanOutput } from "../../server/contracts/plan.ts";
import { text } from "../text.ts";

/** How much of the plan is used. */
export function PlanMeter({ plan, accountsUsed }: Omit<PlanOutput, "plans">) {
  const full = accountsUsed >= plan.maxAccounts;
  return (
    <section aria-label={text.settings.plan}>
      <p className="text-sm tabular-nums">
        {text.plan.meter(accountsUsed, plan.maxAccounts, plan.name)}
      </p>
      {/* An SVG takes its width as an attribute; the CSP does not allow style attributes. */}
      {/* biome-ignore lint/a11y/useSemanticElements: browsers do not let a meter element be styled alike. */}
      <svg
        viewBox="0 0 100 2"
        preserveAspectRatio="none"
        className="mt-2 h-1.5 w-full overflow-hidden rounded-full bg-line"
        role="meter"
        aria-label={text.plan.meterLabel}
        aria-valuemin={0}
        aria-valuemax={plan.maxAccounts}
        aria-valuenow={Math.min(accountsUsed, plan.maxAccounts)}
        aria-valuetext={text.plan.meter(accountsUsed, plan.maxAccounts, plan.name)}
      >
        <rect
          width={
            plan.maxAccounts === 0 ? 100 : Math.min(100, (accountsUsed / plan.maxAccounts) * 100)
          }
          height="2"
          className={full ? "fill-warn" : "fill-accent"}
        />
      </svg>
      {full ? null : (
        <p className="mt-2 text-sm text-ink-soft">
          {text.plan.room(plan.maxAccounts - accountsUsed)}
        </p>
      )}
    </section>
  );
}
