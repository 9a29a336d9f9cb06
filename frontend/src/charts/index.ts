// Draws every chart of a page from its data, and again when width, theme or medium change.
import { BarChart, CustomChart, LineChart, TreemapChart } from "echarts/charts";
import { GridComponent, LegendPlainComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, use, type EChartsType } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { bars, trend } from "./bars";
import type { Option, Pen } from "./common";
import { formatter, type Format } from "./format";
import { histogram } from "./histogram";
import { lines } from "./lines";
import type { Spec } from "./specs";
import { readTheme, type Theme } from "./theme";
import { tree } from "./tree";

use([BarChart, CustomChart, LineChart, TreemapChart, GridComponent, LegendPlainComponent, MarkLineComponent, TooltipComponent, SVGRenderer]);

/** CSS pixels between the margins of A4, less the panel's own. */
const PAPER_WIDTH = 660;

export interface ChartData {
  language: string;
  currency: string | null;
  charts: Record<string, Spec>;
}

interface Drawn {
  element: HTMLElement;
  chart: EChartsType;
  spec: Spec;
}

function option(spec: Spec, pen: Pen): Option {
  switch (spec.kind) {
    case "bars": return bars(spec, pen);
    case "trend": return trend(spec, pen);
    case "lines": return lines(spec, pen);
    case "histogram": return histogram(spec, pen);
    case "tree": return tree(spec, pen);
  }
}

/** Draw all `[data-chart]` elements inside `root`; returns a function that draws them again in the theme of the moment. */
export function drawAll(root: ParentNode, data: ChartData): () => void {
  const format: Format = formatter(data.language, data.currency);
  const drawn: Drawn[] = [];
  const paint = (each: Drawn, theme: Theme, width?: number) => {
    each.chart.resize(width ? { width } : {});
    each.chart.setOption(option(each.spec, { theme, format, width: each.chart.getWidth() }), true);
    each.chart.getZr().flush();
  };
  const redraw = (width?: number) => {
    const theme = readTheme();
    for (const each of drawn) paint(each, theme, width);
  };
  const watcher = new ResizeObserver((entries) => {
    const theme = readTheme();
    for (const { target, contentRect } of entries) {
      const each = drawn.find((one) => one.element === target);
      if (each && !printing && contentRect.width > 0 && Math.abs(each.chart.getWidth() - contentRect.width) >= 1) paint(each, theme);
    }
  });
  let printing = false;
  for (const element of root.querySelectorAll<HTMLElement>("[data-chart]")) {
    const spec = data.charts[element.dataset["chart"] ?? ""];
    if (!spec) continue;
    drawn.push({ element, chart: init(element, null, { renderer: "svg" }), spec });
    watcher.observe(element);
  }
  redraw();
  const pictures = () => drawn.flatMap((each) => [...each.element.querySelectorAll("svg")]);
  addEventListener("beforeprint", () => {
    printing = true;
    document.documentElement.style.colorScheme = "light";
    redraw(PAPER_WIDTH);
    for (const svg of pictures()) svg.setAttribute("viewBox", `0 0 ${svg.getAttribute("width")} ${svg.getAttribute("height")}`);
  });
  addEventListener("afterprint", () => {
    printing = false;
    for (const svg of pictures()) svg.removeAttribute("viewBox");
    document.documentElement.style.colorScheme = "";
    redraw();
  });
  return () => redraw();
}
