import semver from "semver";

/**
 * An advisory in the OSV format, with only the fields that are compared.
 *
 * @see https://ossf.github.io/osv-schema/
 */
export interface Advisory {
  id: string;
  summary?: string;
  withdrawn?: string;
  affected?: {
    package?: { ecosystem: string; name: string };
    ranges?: { type: string; events: RangeEvent[] }[];
    versions?: string[];
  }[];
}

interface RangeEvent {
  introduced?: string;
  fixed?: string;
  last_affected?: string;
}

/** The parts of `package-lock.json` (version 2 and later) that list the installed packages. */
export interface Lockfile {
  packages: Record<string, { name?: string; version?: string; dev?: boolean; link?: boolean }>;
}

/** An advisory that applies to a version in the lockfile. */
export interface Finding {
  package: string;
  version: string;
  id: string;
  summary: string;
  /** Only used in development, so it is not in the image. */
  isDev: boolean;
}

/** Compares every package of the lockfile with npm's advisories. */
export function findAdvisories(lockfile: Lockfile, advisories: Iterable<Advisory>): Finding[] {
  const installed = new Map<string, { version: string; isDev: boolean }[]>();
  for (const [path, { name, version, dev = false, link }] of Object.entries(lockfile.packages)) {
    const at = path.lastIndexOf("node_modules/");
    if (at < 0 || version === undefined || link) continue;
    // An alias has the real name in `name`.
    const known = name ?? path.slice(at + "node_modules/".length);
    installed.set(known, [...(installed.get(known) ?? []), { version, isDev: dev }]);
  }
  const findings: Finding[] = [];
  for (const { id, summary = "", withdrawn, affected = [] } of advisories) {
    if (withdrawn !== undefined) continue;
    for (const { package: named, ranges = [], versions = [] } of affected) {
      if (named?.ecosystem !== "npm") continue;
      for (const { version, isDev } of installed.get(named.name) ?? []) {
        const holds =
          versions.includes(version) ||
          // OSV's own files contain SEMVER, GitHub's contain ECOSYSTEM, which is the same for npm.
          ranges.some(({ type, events }) => type !== "GIT" && isWithin(version, events));
        if (holds) findings.push({ package: named.name, version, id, summary, isDev });
      }
    }
  }
  return findings;
}

/**
 * The last event at or before the version decides. OSV lists events in any order; 0 is before every version.
 */
function isWithin(version: string, events: RangeEvent[]): boolean {
  const order = (at: string) => (at === "0" ? "0.0.0-0" : at);
  const points = events.flatMap(({ introduced, fixed, last_affected }) => [
    ...(introduced === undefined ? [] : [{ at: order(introduced), starts: true, after: false }]),
    ...(fixed === undefined ? [] : [{ at: order(fixed), starts: false, after: false }]),
    ...(last_affected === undefined
      ? []
      : [{ at: order(last_affected), starts: false, after: true }]),
  ]);
  points.sort((a, b) => semver.compare(a.at, b.at));
  const passed = points.filter(({ at, after }) =>
    after ? semver.gt(version, at) : semver.gte(version, at),
  );
  return passed.at(-1)?.starts ?? false;
}
