// Columns by category, stacked or paired, and lines by category.
import { base, category, grid, legend, legendHeight, measure, tip, type Option, type Pen } from "./common";
import type { Bars, Series, Trend } from "./specs";

interface Hovered {
  dataIndex: number;
}

function said(pen: Pen, spec: Bars | Trend) {
  return (hovered: Hovered[]) => {
    const at = hovered[0]?.dataIndex ?? 0;
    const rows = [...spec.series].reverse().map((series) => ({
      name: series.name,
      value: pen.format.full(series.values[at] ?? 0, spec.unit),
      color: pen.theme.tone(series.tone),
    }));
    return tip([spec.kind === "bars" && spec.x ? `${spec.x}: ` : "", spec.labels[at] ?? ""].join(""), rows);
  };
}

function shared(pen: Pen, spec: Bars | Trend, name: string): Option {
  const plain = base(pen);
  return {
    ...plain,
    tooltip: { ...(plain.tooltip as object), formatter: said(pen, spec) },
    legend: legend(pen, spec.series.map((series) => series.name)),
    grid: grid(legendHeight(pen, spec.series.map((series) => series.name)), name !== ""),
    xAxis: category(pen, spec.labels, name),
    yAxis: measure(pen, spec.unit),
  };
}

export function bars(spec: Bars, pen: Pen): Option {
  const hatch = { symbol: "rect", symbolSize: 1, rotation: Math.PI / 4, dashArrayX: [1, 0], dashArrayY: [1.25, 4], color: pen.theme.color("surface") };
  const last = spec.series.length - 1;
  const column = (series: Series, at: number) => ({
    type: "bar",
    name: series.name,
    stack: spec.stacked ? "all" : undefined,
    barMaxWidth: 28,
    barCategoryGap: "28%",
    barGap: "12%",
    itemStyle: { color: pen.theme.tone(series.tone), borderRadius: !spec.stacked || at === last ? [3, 3, 0, 0] : 0 },
    data: series.values.map((value, index) => (spec.running?.[index] ? { value, itemStyle: { decal: hatch } } : value)),
    emphasis: { disabled: true },
  });
  return { ...shared(pen, spec, spec.x ?? ""), series: spec.series.map(column) };
}

export function trend(spec: Trend, pen: Pen): Option {
  const line = (series: Series, at: number) => ({
    type: "line",
    name: series.name,
    data: series.values,
    showSymbol: false,
    lineStyle: { width: 2, color: pen.theme.tone(series.tone), type: at ? "dashed" : "solid" },
    itemStyle: { color: pen.theme.tone(series.tone) },
    emphasis: { disabled: true },
  });
  return { ...shared(pen, spec, ""), series: spec.series.map(line) };
}
