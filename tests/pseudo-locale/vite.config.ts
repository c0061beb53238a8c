import { mergeConfig, type UserConfigFnObject } from "vite";
import remixOptions from "../../remix.config.js";
import { buildPages } from "../../vite.config.ts";
import { buildFolder, pseudoLocalePlugin } from "./plugin.ts";

const product = buildPages({ ...remixOptions, buildDirectory: buildFolder }) as UserConfigFnObject;

/** The product's build with its words in the pseudo-locale, in a folder of its own. */
export default (...env: Parameters<UserConfigFnObject>) =>
  mergeConfig(product(...env), { plugins: [pseudoLocalePlugin()] });
