/** The rules of docs/architecture.md for imports. `tests/unit/architecture.test.ts` checks them. */
const only = (name, target, home) => ({
  name,
  severity: "error",
  from: { pathNot: home },
  to: { path: target, dependencyTypesNot: ["type-only"] },
});

const adapters = "telemetry|vault|cache|rate-limits|plaid|mail";
const features =
  "auth|items|connect|reconciliation|accounts|transactions|insights|activity|users|webhooks|live";
/** The files that create the adapters and the features, and so import all of them. */
const composition = "(services|server|main|worker-main)\\.ts$";

module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "adapters-know-no-feature",
      severity: "error",
      from: { path: `^server/(${adapters})/` },
      to: { path: `^server/((${features}|api|jobs|http)/|${composition})` },
    },
    {
      name: "features-know-no-transport",
      severity: "error",
      from: { path: `^server/(${features})/` },
      to: { path: "^server/((api|jobs|http)/|server\\.ts$|main\\.ts$)" },
    },
    {
      name: "procedures-and-jobs-know-no-http",
      severity: "error",
      from: { path: "^server/(api|jobs)/" },
      to: { path: "^server/(http/|server\\.ts$|main\\.ts$)" },
    },
    {
      name: "db-takes-contracts-alone",
      severity: "error",
      from: { path: "^db/" },
      to: { path: "^(app|client|local|sandbox|server/(?!contracts/))" },
    },
    {
      name: "app-takes-contracts-and-types",
      severity: "error",
      from: { path: "^app/" },
      to: {
        path: "^(server/(?!contracts/)|db/|local/|migrations/)",
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "contracts-take-zod-alone",
      severity: "error",
      from: { path: "^server/contracts/" },
      to: { pathNot: "^(server/contracts/|node_modules/zod/)" },
    },
    {
      name: "client-takes-contracts-alone",
      severity: "error",
      from: { path: "^client/src/" },
      to: { path: "^(app|db|local|migrations|sandbox|server/(?!contracts/))" },
    },
    {
      name: "sandbox-knows-nothing-of-the-product",
      severity: "error",
      from: { path: "^sandbox/" },
      to: { path: "^(app|server|db|local|migrations|client)/" },
    },
    {
      name: "only-local-starts-the-sandbox",
      severity: "error",
      from: { path: "^(app|server|db|migrations)/" },
      to: { path: "^sandbox/" },
    },
    {
      name: "only-main-reaches-local",
      severity: "error",
      from: { path: "^(app|server|db|migrations)/", pathNot: "^server/main\\.ts$" },
      to: { path: "^local/" },
    },
    only("only-the-adapter-imports-plaid", "^node_modules/plaid/", "^server/plaid/"),
    only("only-the-cache-imports-redis", "^node_modules/(@redis|redis)/", "^server/cache/"),
    only("only-jobs-import-graphile-worker", "^node_modules/graphile-worker/", "^server/jobs/"),
    only("only-mail-imports-nodemailer", "^node_modules/nodemailer/", "^server/mail/"),
    only(
      "only-the-local-mailbox-takes-mail",
      "^node_modules/(smtp-server|postal-mime)/",
      "^local/mailbox/",
    ),
    only("only-auth-imports-better-auth", "^node_modules/better-auth/", "^server/auth/"),
    only(
      "only-telemetry-imports-its-packages",
      "^node_modules/(@opentelemetry|prom-client)/",
      "^server/telemetry/",
    ),
    only("only-db-builds-sql", "^node_modules/kysely/", "^(db|migrations)/"),
    {
      name: "no-utils",
      severity: "error",
      from: {},
      to: {
        path: "(^|/)(utils?|helpers?|common)([.]tsx?$|/)",
        pathNot: "node_modules",
      },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(tests/|sandbox/tests/|build/)" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
      extensions: [".ts", ".tsx", ".js", ".mjs", ".json"],
    },
  },
};
