import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { type Advisory, findAdvisories } from "./find-advisories.ts";

/**
 * `npm run audit`: runs `npm audit` or, where the registry offers no advisories, compares the lockfile with a
 * snapshot of OSV's: `npm run audit -- --advisories <folder>`. Exits with 1 when an advisory applies to a
 * package in the image, and with 2 when nothing could be compared.
 */
const root = path.resolve(import.meta.dirname, "..");
const { values } = parseArgs({ options: { advisories: { type: "string" } } });

function asRegistry(): number | null {
  const audit = spawnSync("npm", ["audit", "--omit", "dev", "--json"], { cwd: root });
  const report = parsed(audit.stdout.toString());
  if (report?.auditReportVersion === undefined) return null;
  const { total } = report.metadata.vulnerabilities;
  process.stdout.write(`The registry knows ${total} advisories for what the image has.\n`);
  if (total > 0) process.stdout.write(`${JSON.stringify(report.vulnerabilities, null, 2)}\n`);
  return total === 0 ? 0 : 1;
}

function parsed(text: string) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function fromSnapshot(folder: string): number {
  const lockfile = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8"));
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".json"),
  );
  const advisories = files.map(
    (name) => JSON.parse(readFileSync(path.join(folder, name), "utf8")) as Advisory,
  );
  if (advisories.length === 0) {
    process.stderr.write(`${folder} has no advisories.\n`);
    return 2;
  }
  const findings = findAdvisories(lockfile, advisories);
  for (const { package: name, version, id, summary, isDev } of findings) {
    process.stdout.write(`${id}  ${name}@${version}${isDev ? " (dev)" : ""}  ${summary}\n`);
  }
  const held = findings.filter(({ isDev }) => !isDev).length;
  process.stdout.write(
    `${advisories.length} advisories: ${held} hold for what the image has, ${findings.length - held} for development only.\n`,
  );
  return held > 0 ? 1 : 0;
}

const exitCode =
  values.advisories === undefined ? asRegistry() : fromSnapshot(path.resolve(values.advisories));
if (exitCode === null) {
  process.stderr.write(
    "The registry has no advisories to offer, so nothing was audited. Give a snapshot: --advisories <folder>.\n",
  );
}
process.exitCode = exitCode ?? 2;
