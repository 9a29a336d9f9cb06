// The report comes alive: charts over their tables, theme, definitions, place in the page. Without it everything is still readable.
import { drawAll, type ChartData } from "../charts/index";
import { definitions } from "../components/definitions";
import { sections } from "../components/sections";
import { theming } from "../components/theme";

for (const table of document.querySelectorAll<HTMLDetailsElement>("details.numbers")) table.open = false;

const source = document.getElementById("charts")?.textContent;
let redraw = () => {};
theming(() => redraw());
definitions(document);
sections(document);
if (source) redraw = drawAll(document, JSON.parse(source) as ChartData);
document.documentElement.dataset["ready"] = "true";
