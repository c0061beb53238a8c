import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Contract, createContract } from "../api/contract/contract.ts";
import { contractChanges } from "../api/contract/contract-changes.ts";

const client = path.join(import.meta.dirname, "../../client");
const file = path.join(client, "contract.json");
const read = (name: string) => readFileSync(path.join(client, name), "utf8");

/**
 * `npm run contract`: writes what programs outside rely on into `client/contract.json`. A change has
 * to be meant: the version of `client/package.json` has risen (the first number for what breaks a
 * client, the second for what adds to it) and `client/CHANGELOG.md` says what it is.
 */
function main(): string {
  const { version } = JSON.parse(read("package.json")) as { version: string };
  const now = createContract(version);
  if (existsSync(file)) {
    const before = JSON.parse(read("contract.json")) as Contract;
    const { breaking, additions } = contractChanges(before, now);
    if (breaking.length + additions.length === 0 && version === before.version) {
      return "The contract is as it was.";
    }
    const [oldMajor = 0, oldMinor = 0] = before.version.split(".").map(Number);
    const [major = 0, minor = 0] = version.split(".").map(Number);
    const risen = major > oldMajor || (major === oldMajor && minor > oldMinor);
    const lines = [
      ...breaking.map((line) => `  breaks: ${line}`),
      ...additions.map((l) => `  adds: ${l}`),
    ];
    if (breaking.length > 0 && major <= oldMajor) {
      throw new Error(
        `This breaks programs that use ${before.version}:\n${lines.join("\n")}\nIf it is meant, raise the version in client/package.json to ${oldMajor + 1}.0.0, say so in client/CHANGELOG.md, and run this again.`,
      );
    }
    if (additions.length > 0 && !risen) {
      throw new Error(
        `There is more than in ${before.version}:\n${lines.join("\n")}\nRaise the version in client/package.json to ${oldMajor}.${oldMinor + 1}.0, say so in client/CHANGELOG.md, and run this again.`,
      );
    }
  }
  if (!read("CHANGELOG.md").includes(`\n## ${version}\n`)) {
    throw new Error(`client/CHANGELOG.md has no section "## ${version}".`);
  }
  writeFileSync(file, `${JSON.stringify(now, null, 2)}\n`);
  return `client/contract.json is now what ${version} promises.`;
}

try {
  process.stdout.write(`${main()}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
