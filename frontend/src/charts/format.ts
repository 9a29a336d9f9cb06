// Numbers as the reader's language writes them.
import type { Unit } from "./specs";

export interface Format {
  /** A number in full, for tooltips. */
  full(value: number, unit: Unit): string;
  /** A number in short, for axes. */
  short(value: number, unit: Unit): string;
}

export function formatter(language: string, currency: string | null): Format {
  // Thousands are always grouped, as the tables do; some languages would leave four digits alone.
  const number = (options: Intl.NumberFormatOptions) =>
    new Intl.NumberFormat(language, { ...options, useGrouping: "always" } as unknown as Intl.NumberFormatOptions);
  const money: Intl.NumberFormatOptions = currency ? { style: "currency", currency } : {};
  const share = number({ style: "percent", maximumFractionDigits: 1 });
  const plain = number({ maximumFractionDigits: 2 });
  const compact = number({ notation: "compact", maximumFractionDigits: 1 });
  const amount = number({ ...money, maximumFractionDigits: 2 });
  const amountWhole = number({ ...money, maximumFractionDigits: 0 });
  const amountShort = number({ ...money, notation: "compact", minimumFractionDigits: 0, maximumFractionDigits: 1 });
  return {
    full(value, unit) {
      if (unit === "share") return share.format(value);
      if (unit === "money") return (Math.abs(value) < 1000 ? amount : amountWhole).format(value);
      return plain.format(value);
    },
    short(value, unit) {
      if (unit === "share") return share.format(value);
      if (unit === "money") return amountShort.format(value);
      return Math.abs(value) < 10000 ? plain.format(value) : compact.format(value);
    },
  };
}
