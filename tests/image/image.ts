import { execFileSync } from "node:child_process";

/** A built image, laid out as a folder. */
export interface Image {
  /** The image's root; null when it was built without an engine and has no root of its own. */
  root: string | null;
  /** The app's folder, as a path of this machine. */
  app: string;
  command: string[];
  /** What the health check runs in a shell. */
  healthcheck: string;
  env: NodeJS.ProcessEnv;
  close(): void;
}

/** The part of an engine's `inspect` that describes how an image runs. */
export interface ImageConfig {
  User: string;
  Cmd: string[];
  Env: string[];
  WorkingDir: string;
  Healthcheck: { Test: string[] };
}

/**
 * Confines a process as compose.yaml confines a container, with the same kernel features: another user
 * without capabilities, who cannot gain any, and a read-only file system.
 * https://man7.org/linux/man-pages/man1/setpriv.1.html
 */
export function confined(
  { root, app }: Image,
  program: string,
  args: string[],
): [string, string[]] {
  const ids = root === null ? "--reuid=65534 --regid=65534" : "--reuid=1000 --regid=1000";
  const bare = `${ids} --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs`;
  const script =
    root === null
      ? `mount --make-rprivate / && mount -o remount,bind,ro / && exec setpriv ${bare} -- "$@"`
      : `mount --make-rprivate / && mount --bind "${root}" "${root}" &&
        mount -t proc proc "${root}/proc" && mount --bind /dev "${root}/dev" &&
        mount -t tmpfs tmpfs "${root}/tmp" && mount -o remount,bind,ro "${root}" &&
        exec chroot "${root}" sh -c 'cd ${app.slice(root.length)} && exec setpriv ${bare} -- "$@"' sh "$@"`;
  return ["unshare", ["--mount", "sh", "-c", script, "sh", program, ...args]];
}

/** Throws for what does not belong in the image, and for a file that its user cannot read or could change. */
export function scan({ app }: Image): { files: number; bytes: number } {
  const listed = execFileSync("find", [app, "-printf", "%y %m %s %P\\n"]).toString();
  const entries = listed
    .trim()
    .split("\n")
    .map((line) => {
      const [type = "", mode = "", size = "", ...name] = line.split(" ");
      return { type, mode: Number.parseInt(mode, 8), size: Number(size), name: name.join(" ") };
    });
  const foreign = /^(?!(?:|build|build\/(?:node|client)(?:\/.*)?)$)|\.env|\.test\.|\.pem$/;
  const wrong = entries.flatMap(({ type, mode, name }) => {
    if (foreign.test(name)) return `${name} does not belong in it`;
    if (type === "l") return `${name} is a link`;
    if ((mode & 0o004) === 0 || (type === "d" && (mode & 0o001) === 0)) return `${name} is closed`;
    return (mode & 0o6002) === 0 ? [] : `${name} has the mode ${mode.toString(8)}`;
  });
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
  const files = entries.filter(({ type }) => type === "f");
  return { files: files.length, bytes: files.reduce((sum, { size }) => sum + size, 0) };
}
