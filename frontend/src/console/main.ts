// The console comes alive: charts over their tables, definitions one at a time. Without it everything is still readable.
import { drawAll, type ChartData } from "../charts/index";
import { obeyPolicy } from "../charts/policy";
import { definitions } from "../components/definitions";

for (const table of document.querySelectorAll<HTMLDetailsElement>("details.numbers")) table.open = false;
definitions(document);
const source = document.getElementById("charts")?.textContent;
if (source) {
  obeyPolicy();
  const redraw = drawAll(document, JSON.parse(source) as ChartData);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}
document.documentElement.dataset["ready"] = "true";
