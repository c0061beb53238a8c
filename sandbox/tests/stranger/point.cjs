/** Loaded before a stranger's backend: Plaid's Sandbox is where PLAID_AT says. */
require("plaid").PlaidEnvironments.sandbox = process.env.PLAID_AT;
