import type { CSSProperties } from "react";

interface Filled {
  percent: number;
  label: string;
  /** At how many percent it is full. */
  full?: number;
}

/** A bar that is filled by so many percent. */
export function Bar({ percent, label, full = 100 }: Filled) {
  const value = { "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": Math.round(percent) };
  return (
    <div className="bar" role="progressbar" aria-label={label} {...value}>
      <div style={{ "--filled": `${(100 * percent) / full}%` } as CSSProperties} />
    </div>
  );
}
