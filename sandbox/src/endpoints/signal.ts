/** `/signal/evaluate`. */
import { prepareProduct } from "../item-products.ts";
import { shownAccounts } from "../items.ts";
import { PlaidError } from "../plaid/plaid-error.ts";
import { Random } from "../random.ts";
import type { Call } from "./call.ts";

/**
 * How risky a debit is: the more of the account's money it takes, the higher the scores. Every ruleset
 * has the same rules here: REVIEW from a score of 60, REROUTE from 80.
 * @throws INVALID_ACCOUNT_ID, or INVALID_FIELD for an account that cannot be debited.
 */
export function signalEvaluate(
  call: Call,
  body: {
    access_token: string;
    account_id: string;
    client_transaction_id: string;
    amount: number;
    ruleset_key?: string;
  },
): object {
  const { sandbox } = call;
  const item = call.item(body.access_token);
  prepareProduct(sandbox, item, "signal");
  const [account] = shownAccounts(sandbox, item, [body.account_id]);
  if (account?.bank.type !== "depository") {
    throw new PlaidError("INVALID_FIELD", "account_id must be of a depository account");
  }
  const { available, current, subtype } = account.bank;
  const share = body.amount / Math.max(available ?? current ?? 0, 1);
  const random = new Random(sandbox.world, item.username, body.client_transaction_id);
  const score = (most: number) =>
    Math.round(Math.min(99, Math.max(1, share * most + random.integer(1, 9))));
  const [customer, bank] = [score(40), score(75)];
  const worst = Math.max(customer, bank);
  return {
    scores: {
      customer_initiated_return_risk: { score: customer, risk_tier: tier(customer, 5) },
      bank_initiated_return_risk: { score: bank, risk_tier: tier(bank, 8) },
    },
    core_attributes: {
      available_balance: available,
      current_balance: current,
      balance_last_updated: sandbox.clock.iso(),
      is_savings_or_money_market_account: ["savings", "money market"].includes(subtype),
      total_plaid_connections_count: 1,
    },
    ruleset: {
      ruleset_key: body.ruleset_key ?? "default",
      result: worst >= 80 ? "REROUTE" : worst >= 60 ? "REVIEW" : "ACCEPT",
      triggered_rule_details: null,
    },
    warnings: [],
  };
}

/** Which of `tiers` equal parts of 1 to 99 the score lies in, from 1. */
function tier(score: number, tiers: number): number {
  return Math.ceil((score / 99) * tiers);
}
