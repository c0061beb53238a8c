import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { migrations } from "../../migrations/index.ts";

const root = path.join(import.meta.dirname, "../..");

/** Returns Git's output; null when it fails. Uses only this folder's own repository, not one around it. */
function git(...words: string[]): string | null {
  const { status, stdout } = spawnSync("git", ["--git-dir=.git", ...words], {
    cwd: root,
    encoding: "utf8",
  });
  return status === 0 ? stdout.trim() : null;
}

/**
 * Returns the last commit without the newest migration, which runs when that is rolled out. Null when the
 * history does not reach back that far, as in a shallow clone, or does not exist.
 */
function commitBefore(): string | null {
  const file = `migrations/${Object.keys(migrations).at(-1)}.ts`;
  const landed = git(
    ...["log", "-1", "--first-parent", "-m", "--diff-filter=A", "--format=%H", "--", file],
  );
  if (landed === null) return null;
  // Not committed yet: the migration is still being written.
  const commit = landed === "" ? "HEAD" : `${landed}^`;
  return git("rev-parse", "--verify", "--quiet", `${commit}^{commit}`);
}

/**
 * Checks out the version before the newest migration into its own folder, with today's packages and today's
 * pages: its server, worker and migrations are unchanged. A package that only that version imports stays a
 * dev dependency until then (camelcase-keys, before migration 023). Null as `commitBefore`.
 */
export function versionBefore() {
  const commit = commitBefore();
  if (commit === null) return null;
  const folder = mkdtempSync(path.join(tmpdir(), "fiscility-before-"));
  git("archive", `--output=${folder}/files.tar`, commit);
  spawnSync("tar", ["-xf", "files.tar"], { cwd: folder });
  for (const name of ["node_modules", "build"]) {
    symlinkSync(path.join(root, name), path.join(folder, name));
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
