// Tiles: area is a size, depth of colour a strength.
import { base, tip, type Option, type Pen } from "./common";
import type { Tree } from "./specs";

const PALE = 0.14;

export function tree(spec: Tree, pen: Pen): Option {
  const { theme, format } = pen;
  const plain = base(pen);
  return {
    ...plain,
    tooltip: {
      ...(plain.tooltip as object),
      trigger: "item",
      formatter: (hovered: { dataIndex: number; data: { name: string; value: number; note: string } }) =>
        hovered.data?.note ? tip(hovered.data.name, [{ name: format.full(hovered.data.value, spec.unit), value: hovered.data.note }]) : "",
    },
    series: [
      {
        type: "treemap",
        left: 0,
        right: 0,
        top: 0,
        bottom: 0,
        roam: false,
        nodeClick: false,
        breadcrumb: { show: false },
        animation: false,
        itemStyle: { borderColor: theme.color("surface"), gapWidth: 3, borderWidth: 0, borderRadius: 6 },
        emphasis: { disabled: true },
        data: spec.tiles.map((tile) => {
          const part = PALE + (1 - PALE) * tile.strength;
          const ink = theme.ink("heat", "surface", part);
          return {
            name: tile.name,
            value: tile.size,
            note: tile.note,
            itemStyle: { color: theme.mix("heat", "surface", part) },
            label: {
              position: [10, 8],
              color: ink,
              fontSize: 12,
              lineHeight: 17,
              overflow: "truncate",
              formatter: `{name|${safe(tile.name)}}\n${format.full(tile.size, spec.unit)}`,
              rich: { name: { fontWeight: 600, color: ink, fontSize: 13, lineHeight: 18 } },
            },
          };
        }),
      },
    ],
  };
}

/** Keep a name from being read as rich-text markup. */
function safe(name: string): string {
  return name.replace(/[{}|]/g, " ");
}
