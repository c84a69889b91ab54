// How hundredths of a percent are written. Decides nothing: what they mean is said by Rust.

const tenths = (hundredths: number) => Math.round(hundredths / 10) / 10;

/** 8710 is "87.1 %". */
export const percent = (hundredths: number) => `${tenths(hundredths)} %`;

/** 450 is "+4.5", −120 is "−1.2", 0 is "0". */
export function points(hundredths: number): string {
  const value = tenths(hundredths);
  if (value === 0) return "0";
  return `${value > 0 ? "+" : "−"}${Math.abs(value)}`;
}

/** A whole number of steps around what is to be shown, so that an axis has round ends. */
export function span(values: number[], step: number, zero = true): [number, number] {
  const all = zero ? [...values, 0] : values;
  if (all.length === 0) return [0, step];
  const low = Math.floor(Math.min(...all) / step) * step;
  const high = Math.ceil(Math.max(...all) / step) * step;
  return low === high ? [low, low + step] : [low, high];
}

/** About four round marks on an axis. */
export function marks([low, high]: [number, number], steps: number[]): number[] {
  const step = steps.find((one) => (high - low) / one <= 5) ?? (steps.at(-1) as number);
  const found: number[] = [];
  for (let at = Math.ceil(low / step) * step; at <= high; at += step) found.push(at);
  return found;
}
