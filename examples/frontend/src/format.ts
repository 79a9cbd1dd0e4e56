// Amounts, numbers and days as the reader writes them; days are those of the program's calendar.
import { useMemo } from "react";
import { useLanguage } from "./language.tsx";
import { useProgram } from "./program.ts";

export interface Amount {
  digits: string;
  scale: number;
  unit?: string | null;
}

export interface Format {
  /** An amount, with its currency where it is money. */
  amount: (amount: Amount, options?: Intl.NumberFormatOptions) => string;
  number: (value: number | bigint) => string;
  /** A number in decimal digits, to one place. */
  decimal: (digits: string) => string;
  percent: (whole: number, digits?: number) => string;
  day: (instant: string) => string;
  bytes: (digits: string) => string;
}

export function useFormat(): Format {
  const { language } = useLanguage();
  const { timeZone } = useProgram();
  return useMemo(() => formatOf(language === "zh" ? "zh-CN" : "en", timeZone), [language, timeZone]);
}

function formatOf(locale: string, timeZone: string): Format {
  const number = new Intl.NumberFormat(locale);
  const tenths = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone });
  return {
    amount: (amount, options) => new Intl.NumberFormat(locale, { ...unitOf(amount), ...options }).format(whole(amount)),
    number: (value) => number.format(value),
    decimal: (digits) => tenths.format(digits as Intl.StringNumericLiteral),
    percent: (percent, digits = 0) =>
      new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: digits }).format(percent / 100),
    day: (instant) => day.format(new Date(instant)),
    bytes: (digits) => {
      const bytes = Number(digits);
      const [value, unit] =
        bytes < 1000 ? [bytes, "byte"] : bytes < 1_000_000 ? [bytes / 1000, "kilobyte"] : [bytes / 1_000_000, "megabyte"];
      const options = { style: "unit", unit, unitDisplay: "narrow", maximumFractionDigits: 1 } as const;
      return new Intl.NumberFormat(locale, options).format(value);
    },
  };
}

function unitOf({ scale, unit }: Amount): Intl.NumberFormatOptions {
  if (unit && /^[A-Z]{3}$/.test(unit)) return { style: "currency", currency: unit, currencyDisplay: "narrowSymbol" };
  return { minimumFractionDigits: scale, maximumFractionDigits: scale };
}

/** The amount as a decimal in text: no digit is lost, whatever its size. */
function whole({ digits, scale }: Amount): Intl.StringNumericLiteral {
  const minus = digits.startsWith("-") ? "-" : "";
  const padded = digits.replace("-", "").padStart(scale + 1, "0");
  const decimal = scale === 0 ? padded : `${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
  return `${minus}${decimal}` as Intl.StringNumericLiteral;
}
