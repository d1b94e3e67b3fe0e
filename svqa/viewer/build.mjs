// Sources in src/ and the packages of package-lock.json -> static/viewer.js and static/LICENSES.txt.
//
//     npm ci && npm run build
//
// The first line of the built file holds the SHA-256 of what it was built from; a test compares it.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";

const SHIPPED = ["preact", "@preact/signals", "@preact/signals-core"];

const sources = readdirSync("src").sort().map((name) => `src/${name}`);
const digest = createHash("sha256");
for (const name of [...sources, "build.mjs", "package-lock.json"]) {
  digest.update(`${name}\0`).update(readFileSync(name)).update("\0");
}

await build({
  entryPoints: ["src/index.tsx"],
  outfile: "static/viewer.js",
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  charset: "ascii",
  legalComments: "none",
  jsx: "automatic",
  jsxImportSource: "preact",
  loader: { ".css": "text" },
  banner: { js: `/* svqa viewer; licences: LICENSES.txt; built from ${digest.digest("hex")} */` },
});

const notes = SHIPPED.map((name) => {
  const { version, license } = JSON.parse(readFileSync(`node_modules/${name}/package.json`));
  const text = readFileSync(`node_modules/${name}/LICENSE`, "utf-8").trim();
  return `${name} ${version} (${license})\n\n${text}\n`;
});
writeFileSync("static/LICENSES.txt", `viewer.js holds code of these packages:\n\n${notes.join("\n\n")}`);
