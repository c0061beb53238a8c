import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { migrations } from "../../migrations/index.ts";

const root = path.join(import.meta.dirname, "../..");

/** Git's answer; null where it has none. Of this folder's own history alone, not of one around it. */
function git(...words: string[]): string | null {
  const { status, stdout } = spawnSync("git", ["--git-dir=.git", ...words], {
    cwd: root,
    encoding: "utf8",
  });
  return status === 0 ? stdout.trim() : null;
}

/**
 * The last commit without the newest migration: what runs when that is rolled out. Null where the
 * history does not reach back so far, as in a shallow clone, or is not there at all.
 */
function commitBefore(): string | null {
  const file = `migrations/${Object.keys(migrations).at(-1)}.ts`;
  const landed = git(
    ...["log", "-1", "--first-parent", "-m", "--diff-filter=A", "--format=%H", "--", file],
  );
  if (landed === null) return null;
  // Without a commit the migration is still being written.
  const commit = landed === "" ? "HEAD" : `${landed}^`;
  return git("rev-parse", "--verify", "--quiet", `${commit}^{commit}`);
}

/**
 * The version before the newest migration in a folder of its own, with today's packages and today's
 * pages: its server, its worker and its migrations are what it was. A package that only that version
 * imports is a dev dependency until then (camelcase-keys, before migration 023). Null as `commitBefore`.
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
