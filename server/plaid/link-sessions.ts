import { z } from "zod";
import { plaidIdOrNull, plaidToken, requestId, textOrNull } from "./readable.ts";

/** One opening of Link with a link_token. Plaid keeps it for six hours after its end. */
export interface LinkSession {
  linkSessionId: string | null;
  finishedAt: Date | null;
  /** The Items that Link created or, in update mode, repaired. */
  added: LinkSuccess[];
  /** The user left without a result. */
  isExited: boolean;
}

/** The same values as `onSuccess` passes. */
export interface LinkSuccess {
  publicToken: string;
  institution: { id: string | null; name: string | null };
  accounts: LinkAccount[];
}

interface LinkAccount {
  id: string | null;
  name: string | null;
  mask: string | null;
  type: string | null;
  subtype: string | null;
}

const account = z
  .object({
    id: plaidIdOrNull,
    name: textOrNull(300),
    mask: textOrNull(16),
    type: textOrNull(60),
    subtype: textOrNull(60),
  })
  .catch({ id: null, name: null, mask: null, type: null, subtype: null });
const accounts = z.array(account).max(1000).nullish().catch(null);
const institution = z
  .object({ institution_id: plaidIdOrNull, name: textOrNull(200) })
  .nullish()
  .catch(null);
const added = z.object({ public_token: plaidToken, accounts, institution });

/** `results`, or `on_success` of older integrations. Entries that cannot be parsed are left out. */
const results = z.object({ item_add_results: z.array(added.nullable().catch(null)) });
const onSuccess = z.object({
  public_token: plaidToken,
  metadata: z.object({ accounts, institution }).nullish().catch(null),
});

const session = z
  .object({
    link_session_id: plaidIdOrNull,
    finished_at: z.iso.datetime({ offset: true }).nullish().catch(null),
    results: results.nullish().catch(null),
    on_success: onSuccess.nullish().catch(null),
    on_exit: z.unknown().optional(),
    exit: z.unknown().optional(),
  })
  .transform((given): LinkSession => {
    const old = given.on_success;
    const addResults = given.results?.item_add_results.filter((one) => one !== null) ?? [];
    const all = addResults.length > 0 ? addResults : old ? [{ ...old, ...old.metadata }] : [];
    return {
      linkSessionId: given.link_session_id,
      finishedAt: given.finished_at ? new Date(given.finished_at) : null,
      added: all.map(({ public_token, accounts, institution }) => ({
        publicToken: public_token,
        institution: { id: institution?.institution_id ?? null, name: institution?.name ?? null },
        accounts: accounts ?? [],
      })),
      isExited: Boolean(given.exit ?? given.on_exit),
    };
  });

/** https://plaid.com/docs/api/link/#linktokenget */
export const linkTokenSessionsResponse = z.object({
  link_sessions: z.array(session.nullable().catch(null)).nullish().catch(null),
  request_id: requestId,
});
