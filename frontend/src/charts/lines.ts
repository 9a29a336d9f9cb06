// Lines over a measured axis: bands for intervals, marks for what a line is read against.
import { base, grid, legend, legendHeight, measure, tip, type Option, type Pen, type TipRow } from "./common";
import type { Line, Lines } from "./specs";

const DASHES = ["solid", "dashed", "dotted", [8, 3, 2, 3], [2, 2]];

export function lines(spec: Lines, pen: Pen): Option {
  const { theme } = pen;
  const step = spec.step ? "end" : undefined;
  const series: Option[] = [];
  spec.lines.forEach((line, at) => {
    const color = theme.lines[at % theme.lines.length] ?? theme.color("accent");
    const xs = line.points.map(([x]) => x);
    if (line.low && line.high) {
      const quiet = { type: "line", stack: `band${at}`, silent: true, showSymbol: false, step, lineStyle: { opacity: 0 }, emphasis: { disabled: true }, z: 1 };
      const low = line.low;
      series.push(
        { ...quiet, data: xs.map((x, i) => [x, low[i]]) },
        { ...quiet, data: xs.map((x, i) => [x, (line.high?.[i] ?? 0) - (low[i] ?? 0)]), name: line.band, itemStyle: { color: theme.mix("accent", "surface", 0.16) }, areaStyle: { color, opacity: 0.16 } },
      );
    }
    series.push({
      type: "line",
      name: line.name,
      data: line.points,
      step,
      showSymbol: line.points.length < 10,
      symbol: "circle",
      symbolSize: 5,
      lineStyle: { width: at ? 1.5 : 2.25, color, type: DASHES[at % DASHES.length] },
      itemStyle: { color },
      emphasis: { disabled: true },
      z: 3,
      markLine: at === 0 ? marks(spec, pen) : undefined,
    });
  });
  const plain = base(pen);
  const most = Math.max(0, ...spec.lines.flatMap((line) => line.points.map(([x]) => x)));
  const names = spec.lines.flatMap((line) => (line.band ? [line.name, line.band] : [line.name]));
  const named = names.length > 1;
  const highest = Math.max(0, ...spec.marks.filter((mark) => mark.axis === "y").map((mark) => mark.at));
  return {
    ...plain,
    tooltip: { ...(plain.tooltip as object), formatter: (hovered: { value: [number, number] }[]) => said(spec, pen, hovered[0]?.value[0] ?? 0) },
    legend: named ? legend(pen, names) : undefined,
    grid: { ...(grid(0, true) as object), top: 20 + (named ? legendHeight(pen, names) : 0) },
    xAxis: { ...measure(pen, "number", spec.x), splitLine: { show: false }, axisLine: { show: true, lineStyle: { color: theme.color("line-strong") } }, max: most, splitNumber: pen.width < 480 ? 4 : 8 },
    yAxis: { ...measure(pen, spec.unit), max: ({ max }: { max: number }) => spec.top ?? (highest > max ? highest * 1.1 : null) },
    series,
  };
}

function marks(spec: Lines, { theme }: Pen) {
  return {
    silent: true,
    symbol: "none",
    animation: false,
    lineStyle: { color: theme.color("bad"), type: "dashed", width: 1.25 },
    data: spec.marks.map((mark) => ({
      [mark.axis === "x" ? "xAxis" : "yAxis"]: mark.at,
      label: { show: true, formatter: mark.name, color: theme.color("text"), fontSize: 12, position: mark.axis === "x" ? "end" : "insideEndTop" },
    })),
  };
}

function said(spec: Lines, { theme, format }: Pen, x: number): HTMLElement {
  const rows: TipRow[] = [];
  spec.lines.forEach((line: Line, at) => {
    const index = line.points.findIndex(([found]) => found === x);
    const point = line.points[index];
    if (!point) return;
    rows.push({ name: line.name, value: format.full(point[1], spec.unit), color: theme.lines[at % theme.lines.length] });
    const [low, high] = [line.low?.[index], line.high?.[index]];
    if (line.band && low !== undefined && high !== undefined)
      rows.push({ name: line.band, value: `${format.full(low, spec.unit)} – ${format.full(high, spec.unit)}` });
  });
  return tip(`${format.full(x, "number")} ${spec.x}`, rows);
}
