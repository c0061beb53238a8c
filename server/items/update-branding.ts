import { createHash } from "node:crypto";
import {
  claimInstitution,
  type InstitutionBranding,
  storeInstitution,
} from "../../db/institutions.ts";
import type { ItemOfUser } from "../../db/items.ts";
import { invalidateCache } from "../cache/invalidate-cache.ts";
import type { Services } from "../services.ts";
import type { Log } from "../telemetry/log.ts";

/**
 * Fetches the logo, color and website of an Item's bank from Plaid, once a month for each bank, however many
 * users have it. Nothing depends on them: a failure is logged, and a sync on another day retries.
 */
export async function updateBranding(
  services: Services,
  item: ItemOfUser,
  log: Log,
): Promise<void> {
  const { db, plaid, limits } = services;
  try {
    const id = await claimInstitution(db, item, {
      freshMs: limits.institutionFresh,
      retryMs: limits.institutionRetry,
    });
    if (id === null) return;
    await storeInstitution(db, item.userId, id, toBranding(await plaid.getInstitution(id)));
    await invalidateCache(services, { userId: item.userId }, log);
  } catch (error) {
    const { message } = error as Error;
    log.info(
      { event: "institution", itemId: item.itemId, error: message },
      "Logo of a bank not fetched",
    );
  }
}

/** Returns what can be shown. */
function toBranding({
  url,
  color,
  logo,
}: {
  url: string | null;
  color: string | null;
  logo: string | null;
}): InstitutionBranding {
  const png = logo === null ? null : Buffer.from(logo, "base64");
  const isPng = png?.subarray(0, 8).equals(pngSignature) && png.length <= largestLogo;
  return {
    url: url !== null && /^https?:\/\/[^\s/]+/.test(url) && URL.canParse(url) ? url : null,
    color: color !== null && /^#[0-9a-f]{6}$/i.test(color) ? color.toLowerCase() : null,
    logo:
      png && isPng
        ? { png, hash: createHash("sha256").update(png).digest("hex").slice(0, 32) }
        : null,
  };
}

/** https://www.w3.org/TR/png-3/#5PNG-file-signature */
const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Bytes. Plaid's logos are 152 pixels square and a few kilobytes. */
const largestLogo = 60_000;
