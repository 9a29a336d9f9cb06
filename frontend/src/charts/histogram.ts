// Counts by bins of any width, with named lines standing in them.
import { base, grid, measure, tip, type Option, type Pen } from "./common";
import type { Histogram } from "./specs";

interface Api {
  value(dimension: number): number;
  coord(point: [number, number]): [number, number];
}

export function histogram(spec: Histogram, pen: Pen): Option {
  const { theme, format } = pen;
  const plain = base(pen);
  const first = spec.bins[0]?.[0] ?? 0;
  const last = spec.bins.at(-1)?.[1] ?? 1;
  const range = (bin: [number, number, number]) => {
    const open = spec.open && bin === spec.bins.at(-1);
    return open ? `${format.full(bin[0], spec.xUnit)} +` : `${format.full(bin[0], spec.xUnit)} – ${format.full(bin[1], spec.xUnit)}`;
  };
  return {
    ...plain,
    tooltip: {
      ...(plain.tooltip as object),
      trigger: "item",
      formatter: (hovered: { dataIndex: number }) => {
        const bin = spec.bins[hovered.dataIndex];
        return bin ? tip(range(bin), [{ name: spec.name, value: format.full(bin[2], spec.unit) }]) : "";
      },
    },
    grid: { ...(grid(0, true) as object), top: 16 + 16 * Math.max(1, spec.marks.length) },
    xAxis: {
      ...measure(pen, spec.xUnit, spec.x),
      min: first,
      max: last,
      splitNumber: pen.width < 480 ? 4 : 8,
      splitLine: { show: false },
      axisLine: { show: true, lineStyle: { color: theme.color("line-strong") } },
      axisLabel: { ...(measure(pen, spec.xUnit)["axisLabel"] as object), showMaxLabel: false },
    },
    yAxis: measure(pen, spec.unit),
    series: [
      {
        type: "custom",
        name: spec.name,
        data: spec.bins,
        encode: { x: [0, 1], y: 2 },
        renderItem: (_: unknown, api: Api) => {
          const [left, top] = api.coord([api.value(0), api.value(2)]);
          const [right, bottom] = api.coord([api.value(1), 0]);
          const gap = right - left > 4 ? 1 : 0;
          return {
            type: "rect",
            shape: { x: left + gap / 2, y: top, width: Math.max(0.5, right - left - gap), height: Math.max(0, bottom - top), r: [Math.min(2, right - left), Math.min(2, right - left), 0, 0] },
            style: { fill: theme.color("accent") },
          };
        },
        markLine: {
          silent: true,
          symbol: "none",
          animation: false,
          data: spec.marks.map((mark, at) => ({
            xAxis: mark.at,
            lineStyle: { color: mark.tone === "bad" ? theme.color("bad") : theme.color("muted"), type: "dashed", width: 1.25 },
            label: {
              show: true,
              formatter: mark.name,
              position: "end",
              distance: 4 + 15 * at,
              align: mark.at - first > 0.75 * (last - first) ? "right" : mark.at - first < 0.2 * (last - first) ? "left" : "center",
              color: mark.tone === "bad" ? theme.color("bad") : theme.color("text"),
              fontSize: 12,
            },
          })),
        },
      },
    ],
  };
}
