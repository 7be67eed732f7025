import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";

/** The value in the middle; the mean of the two for an even count. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The value below which `share` (0 to 1) of the values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Two decimals, as far as figures on a shared machine mean anything. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

export type Line = {
  readonly figure: string;
  readonly value: number;
  readonly goal: string;
  readonly held: boolean;
};

/** Prints the figures beside their goals, and writes them as JSON where `--json FILE` asks for it. */
export async function report(title: string, lines: readonly Line[], figures: unknown): Promise<void> {
  const width = Math.max(...lines.map((line) => line.figure.length));
  process.stdout.write(`${title}\n`);
  for (const { figure, value, goal, held } of lines) {
    const verdict = goal === "" ? "" : `goal ${goal.padEnd(10)} ${held ? "held" : "MISSED"}`;
    process.stdout.write(`  ${figure.padEnd(width)}  ${String(rounded(value)).padStart(10)}  ${verdict}\n`);
  }
  const { values } = parseArgs({ options: { json: { type: "string" } }, strict: false });
  if (typeof values.json === "string") await writeFile(values.json, `${JSON.stringify(figures, null, 2)}\n`);
}
