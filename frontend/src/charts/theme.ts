// The colours of the page, read from its tokens, so that charts follow the theme without knowing it.
import type { Tone } from "./specs";

type Rgb = [number, number, number];
const TOKENS = ["text", "muted", "surface", "raised", "line", "line-strong", "accent", "accent-soft", "warm", "mute", "bad", "heat"] as const;
type Token = (typeof TOKENS)[number];

export interface Theme {
  font: string;
  color(token: Token): string;
  tone(tone: Tone): string;
  /** Colours for lines told apart by more than colour alone, in order. */
  lines: string[];
  mix(token: Token, under: Token, part: number): string;
  /** The ink, dark or light, that reads best on a mixed colour. */
  ink(token: Token, under: Token, part: number): string;
}

export function readTheme(): Theme {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const rgb = {} as Record<Token, Rgb>;
  for (const token of TOKENS) {
    probe.style.color = `var(--${token})`;
    const parts = getComputedStyle(probe).color.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0];
    rgb[token] = [parts[0] ?? 0, parts[1] ?? 0, parts[2] ?? 0];
  }
  probe.remove();
  const css = ([r, g, b]: Rgb) => `rgb(${Math.round(r)},${Math.round(g)},${Math.round(b)})`;
  const blend = (token: Token, under: Token, part: number): Rgb =>
    rgb[token].map((value, at) => value * part + (rgb[under][at] ?? 0) * (1 - part)) as Rgb;
  const tones: Record<Tone, Token> = { accent: "accent", soft: "accent-soft", warm: "warm", mute: "mute", bad: "bad" };
  const color = (token: Token) => css(rgb[token]);
  return {
    font: getComputedStyle(document.body).fontFamily,
    color,
    tone: (tone) => color(tones[tone]),
    lines: [color("accent"), color("warm"), color("muted"), color("accent-soft"), color("bad")],
    mix: (token, under, part) => css(blend(token, under, part)),
    ink: (token, under, part) => (luminance(blend(token, under, part)) > 0.18 ? "#14181f" : "#ffffff"),
  };
}

function luminance(color: Rgb): number {
  const [r, g, b] = color.map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
