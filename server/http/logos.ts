import type { RequestHandler } from "express";
import { LRUCache } from "lru-cache";
import pLimit from "p-limit";
import { findLogo } from "../../db/institutions.ts";
import { FiscilityError } from "../contracts/errors.ts";
import type { Services } from "../services.ts";

/** Concurrent reads of logos. Requests for random names delay only other logos. */
const readsAtOnce = 2;
/** Bytes of logos that a node caches. */
const kept = 8_000_000;

/**
 * Serves `/logos/<hash>.png`: banks' logos from our own origin, so that Plaid and the banks do not learn who
 * views them. The name changes with the content, so a browser requests it once.
 */
export function serveLogos({ db }: Pick<Services, "db">): RequestHandler {
  const logos = new LRUCache<string, Buffer>({
    maxSize: kept,
    sizeCalculation: ({ length }) => length,
  });
  const limit = pLimit(readsAtOnce);
  return async (req, res, next) => {
    const [, hash] = /^([0-9a-f]{32})\.png$/.exec(req.params.name ?? "") ?? [];
    if (!hash) return next(new FiscilityError("not_found"));
    try {
      const logo = logos.get(hash) ?? (await limit(() => findLogo(db, hash)));
      if (!logo) throw new FiscilityError("not_found");
      logos.set(hash, logo);
      res.set("cache-control", "public, max-age=31536000, immutable");
      res.type("png").send(logo);
    } catch (error) {
      next(error);
    }
  };
}
