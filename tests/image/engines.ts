import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Image, ImageConfig } from "./image.ts";

const tag = "fiscility-image-test";

/** The first container engine that is installed; null where none is. */
export function findEngine(): string | null {
  const works = (engine: string) => spawnSync(engine, ["info"]).status === 0;
  return ["docker", "podman", "buildah"].find(works) ?? null;
}

/** Builds the Dockerfile with an engine, and lays the image out as a folder. */
export function buildWith(engine: string, root: string): Image {
  const isBuildah = engine === "buildah";
  const run = (...args: string[]) =>
    execFileSync(engine, args, { maxBuffer: 1024 ** 3, env: engineEnv })
      .toString()
      .trim();
  const show = (...args: string[]) =>
    execFileSync(engine, args, { stdio: "inherit", env: engineEnv });
  const format = engine === "docker" ? [] : ["--format", "docker"];
  const base = isBuildah ? baseOf(root, run) : [];
  show(isBuildah ? "bud" : "build", "--network", "host", ...format, ...base, "-t", tag, root);

  const inspected = JSON.parse(
    isBuildah ? run("inspect", "--type", "image", tag) : run("image", "inspect", tag),
  );
  const config: ImageConfig = isBuildah ? inspected.Docker.config : inspected[0].Config;
  if (config.User !== "node") throw new Error(`the image's user is ${config.User}`);

  const container = isBuildah ? run("from", "--pull-never", tag) : run("create", tag);
  const folder = mkdtempSync(path.join(tmpdir(), "fiscility-image-"));
  if (!isBuildah) {
    execFileSync("sh", ["-c", '"$0" export "$1" | tar -x -C "$2"', engine, container, folder]);
  }
  const image = isBuildah ? realpathSync(run("mount", container)) : folder;
  return {
    root: image,
    app: path.join(image, config.WorkingDir),
    command: config.Cmd,
    // Its first word says that a shell runs the rest.
    healthcheck: config.Healthcheck.Test.slice(1).join(" "),
    env: Object.fromEntries(config.Env.map((line) => line.split(/=(.*)/s).slice(0, 2))),
    close() {
      run("rm", container);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Buildah needs neither a daemon nor a kernel feature that a container itself may lack. */
const engineEnv = { ...process.env, BUILDAH_ISOLATION: "chroot", STORAGE_DRIVER: "vfs" };

/**
 * Arguments that replace the base image where no registry serves it: Debian by debootstrap, with Node and the
 * machine's certificates. Made once, and kept by the engine.
 */
function baseOf(root: string, run: (...args: string[]) => string): string[] {
  const dockerfile = readFileSync(path.join(root, "Dockerfile"), "utf8");
  const [, image = "", version = ""] = /^ARG BASE=(node:(\d+)\S*)$/m.exec(dockerfile) ?? [];
  if (spawnSync("buildah", ["pull", "-q", image], { env: engineEnv }).status === 0) return [];
  const own = `localhost/fiscility-node:${version}`;
  const replaced = ["--build-arg", `BASE=${own}`];
  if (run("images", "--format", "{{.Name}}:{{.Tag}}").split("\n").includes(own)) return replaced;
  process.stdout.write(`No registry serves ${image}: debootstrap makes ${own}.\n`);
  const folder = mkdtempSync(path.join(tmpdir(), "fiscility-base-"));
  try {
    const debian = path.join(folder, "debian");
    mkdirSync(debian);
    const quiet = { stdio: "ignore" } as const;
    execFileSync("debootstrap", ["--variant=minbase", "bookworm", debian], quiet);
    execFileSync("npm", ["install", "--silent", "--prefix", folder, `node@${version}`], quiet);
    const container = run("from", "scratch");
    run("add", "-q", container, debian, "/");
    run(
      "copy",
      "-q",
      container,
      path.join(folder, "node_modules/node/bin/node"),
      "/usr/local/bin/",
    );
    const npm = execFileSync("npm", ["root", "--global"]).toString().trim();
    run("copy", "-q", container, path.join(npm, "npm"), "/usr/local/lib/node_modules/npm");
    const certificates = "/etc/ssl/certs/ca-certificates.crt";
    run("copy", "-q", container, certificates, certificates);
    const script = `cd /usr/local/bin && for name in npm npx; do
      ln -s ../lib/node_modules/npm/bin/$name-cli.js $name; done && useradd -u 1000 -m node`;
    run("run", container, "--", "sh", "-c", script);
    const PATH = "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";
    const trusted = `NODE_EXTRA_CA_CERTS=${certificates}`;
    run("config", "--env", PATH, "--env", trusted, container);
    run("commit", "-q", "--rm", container, own);
    return replaced;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
