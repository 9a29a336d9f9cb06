// What a chart is, as data: written by the server side, drawn by the files beside this one.

export type Unit = "money" | "share" | "count" | "number";
export type Tone = "accent" | "soft" | "warm" | "mute" | "bad";

export interface Series {
  name: string;
  tone: Tone;
  values: number[];
}

/** Columns by category, stacked or side by side; periods that still run are hatched. */
export interface Bars {
  kind: "bars";
  stacked: boolean;
  unit: Unit;
  labels: string[];
  series: Series[];
  running?: boolean[];
  x?: string;
}

/** Lines by category. */
export interface Trend {
  kind: "trend";
  unit: Unit;
  labels: string[];
  series: Series[];
}

export interface Line {
  name: string;
  points: [number, number][];
  low?: number[];
  high?: number[];
  band?: string;
}

/** Lines over a measured axis, with bands for intervals and marks for what they are read against. */
export interface Lines {
  kind: "lines";
  unit: Unit;
  x: string;
  step?: boolean;
  /** Where the axis of values ends; by itself where not told. */
  top?: number;
  lines: Line[];
  marks: { axis: "x" | "y"; at: number; name: string }[];
}

/** Counts by bins of any width; `open` says that the last one has no upper end. */
export interface Histogram {
  kind: "histogram";
  unit: Unit;
  xUnit: Unit;
  x: string;
  name: string;
  bins: [number, number, number][];
  open?: boolean;
  marks: { at: number; name: string; tone: Tone }[];
}

/** Tiles whose area is a size and whose depth of colour is a strength from 0 to 1. */
export interface Tree {
  kind: "tree";
  unit: Unit;
  tiles: { name: string; size: number; note: string; strength: number }[];
}

export type Spec = Bars | Trend | Lines | Histogram | Tree;
