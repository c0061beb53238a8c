import path from "node:path";
import ts from "typescript";
import type { Plugin } from "vite";

const root = path.join(import.meta.dirname, "../..");
/** Where `vite.config.ts` beside this builds the pages in the pseudo-locale. */
export const buildFolder = "build/pseudo-locale";

/** The objects that hold all words: what a second language has to translate. */
const allWords =
  /\/app\/(text|(.+\/)?([a-z-]+-)?words)\.ts$|\/contracts\/(password|field)-problems\.ts$/;
/** Tables with more than words: their sentences are `message`. */
const messages = /\/contracts\/(errors|bank-reasons|item-problem)\.ts$/;

/** Translates the exported objects of words, in the pages' build and in the server of a test. */
export function pseudoLocalePlugin(): Plugin {
  return {
    name: "pseudo-locale",
    enforce: "pre",
    resolveId(source) {
      return source === "../build/server/index.js"
        ? path.join(root, buildFolder, "server/index.js")
        : null;
    },
    transform(code, id) {
      if (id.endsWith("/server/http/create-http.ts"))
        return code.replace("../../build/client", `../../${buildFolder}/client`);
      if (!id.startsWith(root) || !(allWords.test(id) || messages.test(id))) return null;
      return translateExports(code, messages.test(id) ? ', "message"' : "");
    },
  };
}

function translateExports(code: string, only: string): string {
  const file = ts.createSourceFile("words.ts", code, ts.ScriptTarget.Latest, true);
  const objects = file.statements
    .filter(ts.isVariableStatement)
    .filter((one) => one.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword))
    .flatMap(({ declarationList }) => declarationList.declarations)
    .flatMap(({ initializer }) => initializer ?? [])
    .filter((one) => !ts.isArrowFunction(one));
  let translated = code;
  for (const object of objects.toReversed()) {
    const words = code.slice(object.getStart(), object.end);
    translated = `${translated.slice(0, object.getStart())}pseudoLocale(${words}${only})${translated.slice(object.end)}`;
  }
  const from = path.join(import.meta.dirname, "pseudo-locale.ts");
  return `import { pseudoLocale } from ${JSON.stringify(from)};\n${translated}`;
}
