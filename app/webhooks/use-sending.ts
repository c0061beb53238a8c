import { useRevalidator } from "@remix-run/react";
import { useEffect, useState } from "react";
import type { WebhookDelivery } from "../../server/contracts/webhook-endpoints.ts";

/** A delivery that was not attempted after so many seconds waits for the worker, so the page stops reading. */
const maxReads = 10;

/** Reads the page again each second while a delivery is due now, until its result is shown. */
export function useSending(deliveries: WebhookDelivery[]): void {
  const { revalidate } = useRevalidator();
  const [reads, setReads] = useState({ of: "", count: 0 });
  const due = deliveries.find(({ status, attempts }) => status === "waiting" && attempts === 0);
  const id = due?.id ?? "";
  const count = reads.of === id ? reads.count : 0;
  useEffect(() => {
    if (id === "" || count >= maxReads) return;
    const timer = setTimeout(() => {
      setReads({ of: id, count: count + 1 });
      revalidate();
    }, 1_000);
    return () => clearTimeout(timer);
  }, [id, count, revalidate]);
}
