// What all charts share: axes, legend, tooltip. Tooltips are built of text nodes, so that no name becomes markup.
import type { EChartsCoreOption } from "echarts/core";
import type { Format } from "./format";
import type { Theme } from "./theme";

export type Option = EChartsCoreOption;

export interface Pen {
  theme: Theme;
  format: Format;
  /** Width of the chart in pixels. */
  width: number;
}

export function base({ theme }: Pen): Option {
  return {
    animation: false,
    textStyle: { fontFamily: theme.font, color: theme.color("muted"), fontSize: 12 },
    tooltip: {
      trigger: "axis",
      confine: true,
      backgroundColor: theme.color("raised"),
      borderColor: theme.color("line-strong"),
      borderWidth: 1,
      padding: [8, 10],
      axisPointer: { type: "line", lineStyle: { color: theme.color("line-strong"), type: "solid" } },
      extraCssText: "border-radius:6px;box-shadow:var(--shadow-high)",
    },
  };
}

export function legend({ theme }: Pen, names: string[], icon = "roundRect"): Option["legend"] {
  return {
    data: names,
    top: 0,
    left: 0,
    icon,
    itemWidth: 10,
    itemHeight: 10,
    itemGap: 16,
    selectedMode: false,
    textStyle: { color: theme.color("muted"), fontSize: 12 },
  };
}

export function category({ theme }: Pen, labels: string[], name = ""): Option["xAxis"] {
  return {
    type: "category",
    data: labels,
    name,
    ...title(theme),
    axisTick: { show: false },
    axisLine: { lineStyle: { color: theme.color("line-strong") } },
    axisLabel: { color: theme.color("muted"), hideOverlap: true, margin: 10 },
  };
}

export function measure({ theme, format }: Pen, unit: Parameters<Format["short"]>[1], name = ""): Option {
  return {
    type: "value",
    name,
    ...title(theme),
    splitNumber: 4,
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: theme.color("line") } },
    axisLabel: { color: theme.color("muted"), hideOverlap: true, margin: 10, formatter: (value: number) => format.short(value, unit) },
  };
}

/** Height of the legend, guessed from its letters: on narrow screens it takes several rows. */
export function legendHeight({ width }: Pen, names: string[]): number {
  let rows = 1;
  let used = 0;
  for (const name of names) {
    const wide = 32 + 6.6 * name.length;
    if (used > 0 && used + wide > width) {
      rows += 1;
      used = 0;
    }
    used += wide;
  }
  return names.length ? rows * 22 : 0;
}

export function grid(legendTall: number, titled: boolean): Option["grid"] {
  return { left: 2, right: 10, top: 14 + legendTall, bottom: titled ? 24 : 2, outerBoundsMode: "same", outerBoundsContain: "axisLabel" };
}

function title(theme: Theme) {
  return { nameLocation: "middle", nameGap: 30, nameTextStyle: { color: theme.color("muted"), fontSize: 12 } };
}

export interface TipRow {
  name: string;
  value: string;
  color?: string;
}

export function tip(heading: string, rows: TipRow[]): HTMLElement {
  const box = document.createElement("div");
  box.className = "tip";
  box.append(element("b", heading));
  for (const row of rows) {
    const line = document.createElement("div");
    const name = element("span", "");
    if (row.color) {
      const dot = document.createElement("i");
      dot.style.background = row.color;
      name.append(dot);
    }
    name.append(row.name);
    line.append(name, element("b", row.value));
    box.append(line);
  }
  return box;
}

function element(tag: string, text: string): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}
