import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Image } from "./image.ts";

/**
 * Runs the Dockerfile's steps, one after the other, in clean folders instead of a container engine and with
 * the base image's Node from npm. It cannot test the rest of the base image.
 */
export function runSteps(root: string): Image {
  const folder = mkdtempSync(path.join(tmpdir(), "fiscility-image-"));
  execFileSync("chmod", ["755", folder]);
  let stage = "";
  let command: string[] = [];
  let healthcheck = "";
  const args = new Map<string, string>();
  const variables = {} as NodeJS.ProcessEnv;
  const stages = new Map<string, string>();
  let PATH = process.env.PATH ?? "";
  const workdir = () => path.join(folder, stage, "app");

  const steps: Record<string, (words: string[], text: string) => void> = {
    ARG(_words, text) {
      const [name = "", value = ""] = text.split("=");
      args.set(name, value);
    },
    FROM(words) {
      const image = (words[0] ?? "").replace(/\$\{(\w+)\}/, (_, name) => args.get(name) ?? "");
      const base = path.join(folder, image.replace(":", "-"));
      if (!existsSync(base)) {
        const node = `node@${/\d+/.exec(image)}`;
        execFileSync("npm", ["install", "--silent", "--prefix", base, node], { stdio: "inherit" });
        PATH = `${path.join(base, "node_modules/node/bin")}:${PATH}`;
      }
      stage = words[2] ?? "final";
      stages.set(stage, path.join(folder, stage));
      mkdirSync(workdir(), { recursive: true });
    },
    COPY(words) {
      const from = words[0]?.startsWith("--from=") ? words.shift()?.slice("--from=".length) : null;
      const target = words.pop() as string;
      for (const source of words) {
        if (!from && source === ".") {
          const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], {
            cwd: root,
          });
          const ignored = /^(tests|docs)\//;
          for (const file of listed.toString().split("\n").filter(Boolean)) {
            if (!ignored.test(file)) cpSync(path.join(root, file), path.join(workdir(), file));
          }
          continue;
        }
        const origin = from
          ? path.join(stages.get(from) as string, source)
          : path.join(root, source);
        // For a folder, its content.
        const named = target.endsWith("/") && !statSync(origin).isDirectory();
        const to = path.join(workdir(), target, named ? path.basename(source) : "");
        cpSync(origin, to, { recursive: true, verbatimSymlinks: true });
      }
    },
    RUN(_words, text) {
      const { HOME } = process.env;
      const run = spawnSync("sh", ["-c", text], {
        cwd: workdir(),
        env: { PATH, HOME, NODE_ENV: "development" },
        stdio: "inherit",
      });
      if (run.status !== 0) throw new Error(`RUN ${text}`);
    },
    CMD(_words, text) {
      command = JSON.parse(text);
    },
    HEALTHCHECK(_words, text) {
      healthcheck = text.slice(text.indexOf("CMD ") + 4);
    },
    ENV(_words, text) {
      for (const [, name = "", quoted, bare] of text.matchAll(/(\w+)=(?:"([^"]*)"|(\S+))/g)) {
        variables[name] = quoted ?? bare;
      }
    },
    // Handled by the engine itself.
    WORKDIR() {},
    USER() {},
    EXPOSE() {},
  };
  for (const line of readFileSync(path.join(root, "Dockerfile"), "utf8").split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    process.stdout.write(`> ${line}\n`);
    const [instruction = "", ...words] = line.split(" ");
    const step = steps[instruction];
    if (!step) throw new Error(`${instruction} is not known here`);
    step(words, words.join(" "));
  }
  return {
    root: null,
    app: workdir(),
    command,
    healthcheck,
    env: { ...variables, PATH },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
