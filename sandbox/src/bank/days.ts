/** Days as Plaid writes them: `YYYY-MM-DD`, in UTC. */
const DAY_MS = 86_400_000;

/** Days since 1970-01-01. */
export function dayNumber(day: string): number {
  return Math.floor(Date.parse(`${day}T00:00:00Z`) / DAY_MS);
}

/** `YYYY-MM-DD`, `count` days after `day`. */
export function addDays(day: string, count: number): string {
  return new Date((dayNumber(day) + count) * DAY_MS).toISOString().slice(0, 10);
}

/** Whether `day` is that day of its month; `last` is the month's last day. */
export function isDayOfMonth(day: string, wanted: number | string): boolean {
  if (wanted === "last") return addDays(day, 1).endsWith("-01");
  return Number(day.slice(8)) === Number(wanted);
}
