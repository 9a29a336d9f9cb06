// Builds what the report inlines: one script, one style sheet, into the Python package. Run by `make setup`.
import { build } from "esbuild";
import { mkdir, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const out = here("../src/regulars/report/assets/");

await mkdir(out, { recursive: true });
await build({
  absWorkingDir: here("./"),
  entryPoints: [{ in: "src/report/main.ts", out: "report" }, { in: "src/report/main.css", out: "report" }],
  outdir: out,
  bundle: true,
  minify: true,
  charset: "utf8",
  target: ["es2022", "chrome111", "firefox113", "safari16.4"],
  format: "iife",
  legalComments: "inline",
  logLevel: "warning",
});
for (const name of ["report.js", "report.css"]) {
  const { size } = await stat(out + name);
  console.log(`${name.padEnd(12)}${(size / 1024).toFixed(0).padStart(6)} kB`);
}
