// Builds what the report inlines (one script, one style sheet), the console's script and style sheet, the demo shop's style
// sheet and the storefront script, into the Python package. Run by `make setup`.
import { build } from "esbuild";
import { mkdir, readFile, stat } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const out = here("../src/regulars/report/assets/");

// What ships inside the script keeps its notices, as its licences ask.
const notices = ["echarts/NOTICE", "echarts/LICENSE", "zrender/LICENSE", "tslib/LICENSE.txt"];
const texts = await Promise.all(
  notices.map(async (name) => {
    const text = await readFile(here(`node_modules/${name}`), "utf8");
    const terms = text.indexOf("1. Definitions.");
    const short = terms < 0 ? text : "Licensed under the Apache License, Version 2.0, http://www.apache.org/licenses/LICENSE-2.0";
    return `${name.split("/")[0]}\n${short.trim()}`;
  }),
);
const banner = `/*! ${texts.join("\n\n").replaceAll("*/", "* /")} */`;

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
  banner: { js: banner },
  legalComments: "none",
  logLevel: "warning",
});
for (const name of ["report.js", "report.css"]) {
  const { size } = await stat(out + name);
  console.log(`${name.padEnd(12)}${(size / 1024).toFixed(0).padStart(6)} kB`);
}

const consoleOut = here("../src/regulars/web/console/assets/");
await mkdir(consoleOut, { recursive: true });
await build({
  absWorkingDir: here("./"),
  entryPoints: [{ in: "src/console/main.ts", out: "console" }, { in: "src/console/main.css", out: "console" }],
  outdir: consoleOut,
  bundle: true,
  minify: true,
  charset: "utf8",
  target: ["es2022", "chrome111", "firefox113", "safari16.4"],
  format: "iife",
  banner: { js: banner },
  legalComments: "none",
  logLevel: "warning",
});
await build({
  absWorkingDir: here("./"),
  entryPoints: [{ in: "src/console/pages.ts", out: "pages" }],
  outdir: consoleOut,
  bundle: true,
  minify: true,
  charset: "utf8",
  target: ["es2022", "chrome111", "firefox113", "safari16.4"],
  format: "iife",
  legalComments: "none",
  logLevel: "warning",
});
for (const name of ["console.js", "pages.js", "console.css"]) {
  const { size } = await stat(consoleOut + name);
  console.log(`${name.padEnd(12)}${(size / 1024).toFixed(0).padStart(6)} kB`);
}

const shopOut = here("../src/regulars/web/shop/assets/");
await mkdir(shopOut, { recursive: true });
await build({
  absWorkingDir: here("./"),
  entryPoints: [{ in: "src/shop/main.css", out: "shop" }],
  outdir: shopOut,
  bundle: true,
  minify: true,
  charset: "utf8",
  target: ["chrome111", "firefox113", "safari16.4"],
  logLevel: "warning",
});
console.log(`${"shop.css".padEnd(12)}${((await stat(shopOut + "shop.css")).size / 1024).toFixed(0).padStart(6)} kB`);

// What stands in every page of a shop: it must stay below 5 kB as it travels.
const edgeOut = here("../src/regulars/web/edge/assets/");
await mkdir(edgeOut, { recursive: true });
await build({
  absWorkingDir: here("./"),
  entryPoints: [{ in: "src/storefront/main.ts", out: "regulars" }],
  outdir: edgeOut,
  bundle: true,
  minify: true,
  charset: "utf8",
  target: ["es2021", "chrome100", "firefox100", "safari15.4"],
  format: "iife",
  legalComments: "none",
  logLevel: "warning",
});
const script = await readFile(edgeOut + "regulars.js");
console.log(`${"regulars.js".padEnd(12)}${(gzipSync(script, { level: 9 }).length / 1000).toFixed(2).padStart(6)} kB (gzip)`);
