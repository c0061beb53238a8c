// Loaded before Pattern's server: its Plaid is the local one.
require(`${process.cwd()}/node_modules/plaid`).PlaidEnvironments.sandbox =
  process.env.PLAID_BASE_URL;
