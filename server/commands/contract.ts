import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createClientTypes } from "../api/contract/client-types.ts";
import { type Contract, createContract } from "../api/contract/contract.ts";
import { type ContractChanges, contractChanges } from "../api/contract/contract-changes.ts";

const root = path.join(import.meta.dirname, "../..");
const client = path.join(root, "client");
const read = (folder: string, name: string) => readFileSync(path.join(folder, name), "utf8");

/**
 * `npm run contract` compares the public contract with the one in `client/contract.json` and fails when they
 * differ. With `--write` it publishes the difference: it raises the client's version (major for a breaking
 * change, minor for an addition) in `package.json` and the lock file, adds a section with the changes to
 * `CHANGELOG.md`, and writes `contract.json`. It also writes the client's types, even if only their
 * documentation has changed.
 */
function main(write: boolean): string {
  if (write) {
    for (const [name, text] of Object.entries(createClientTypes())) {
      writeFileSync(path.join(client, "src", name), text);
    }
  }
  const published = JSON.parse(read(client, "contract.json")) as Contract;
  const changes = contractChanges(published, createContract(published.version));
  const { breaking, additions } = changes;
  if (breaking.length + additions.length === 0) return "The contract has not changed.";
  const lines = [
    ...breaking.map((line) => `  breaks: ${line}`),
    ...additions.map((line) => `  adds: ${line}`),
  ].join("\n");
  if (!write) {
    throw new Error(
      `The contract differs from ${published.version}:\n${lines}\nRun "npm run contract -- --write" to publish it.`,
    );
  }
  const { version: current } = JSON.parse(read(client, "package.json")) as { version: string };
  const version = isRaised(published.version, current, changes)
    ? current
    : raised(published.version, changes);
  if (version !== current) setVersion(current, version);
  addToChangelog(version, changes);
  writeFileSync(
    path.join(client, "contract.json"),
    `${JSON.stringify(createContract(version), null, 2)}\n`,
  );
  return `The contract of ${version} is written:\n${lines}\nRewrite the "${version}" section of client/CHANGELOG.md for its readers.`;
}

const numbersOf = (version: string): [number, number] => {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return [major, minor];
};

/** Returns the version that publishes these changes. */
function raised(published: string, { breaking }: ContractChanges): string {
  const [major, minor] = numbersOf(published);
  return breaking.length > 0 ? `${major + 1}.0.0` : `${major}.${minor + 1}.0`;
}

/** Whether the version was already raised by hand, far enough for these changes. */
function isRaised(published: string, current: string, { breaking }: ContractChanges): boolean {
  const [oldMajor, oldMinor] = numbersOf(published);
  const [major, minor] = numbersOf(current);
  return major > oldMajor || (breaking.length === 0 && major === oldMajor && minor > oldMinor);
}

/** Sets the client's version in its `package.json` and in the lock file, and changes nothing else there. */
function setVersion(current: string, version: string): void {
  const replace = (folder: string, name: string, before: RegExp) => {
    const text = read(folder, name);
    const changed = text.replace(before, (start) => start.replace(`"${current}"`, `"${version}"`));
    if (changed === text) throw new Error(`${name} does not have the version ${current}`);
    writeFileSync(path.join(folder, name), changed);
  };
  replace(client, "package.json", /"version": "[^"]+"/);
  replace(
    root,
    "package-lock.json",
    /"client": \{\s+"name": "@fiscility\/client",\s+"version": "[^"]+"/,
  );
}

/** Adds a section for `version` before the newest one, unless it exists. */
function addToChangelog(version: string, { breaking, additions }: ContractChanges): void {
  const text = read(client, "CHANGELOG.md");
  if (text.includes(`\n## ${version}\n`)) return;
  const entries = [
    ...breaking.map((line) => `- Breaking: ${line}.`),
    ...additions.map((line) => `- ${line}.`),
  ];
  const section = `## ${version}\n\n${entries.join("\n")}\n\n`;
  const newest = text.indexOf("\n## ") + 1;
  writeFileSync(
    path.join(client, "CHANGELOG.md"),
    text.slice(0, newest) + section + text.slice(newest),
  );
}

try {
  process.stdout.write(`${main(process.argv.includes("--write"))}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
