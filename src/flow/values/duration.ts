import { BatonError } from "#base/index.ts";

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const shortForm = /^(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+$/;
const isoForm =
  /^P(?=\d|T\d)(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** The longest duration that the language takes: ten years, in milliseconds. */
export const longestDuration = 3650 * 86_400_000;

/**
 * Milliseconds of `90s`, `5m`, `2h`, `3d`, `1h30m`, or ISO 8601 (`PT5M`, `P1DT2H`; no months or years, whose length
 * varies). Undefined when the text is not a duration.
 */
export function readDuration(text: string): number | undefined {
  const trimmed = text.trim();
  let total = 0;
  if (shortForm.test(trimmed)) {
    for (const [, number, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g)) {
      total += Number(number) * (units[unit ?? ""] ?? 0);
    }
  } else {
    const iso = isoForm.exec(trimmed);
    if (!iso) return undefined;
    const factors = [units["w"], units["d"], units["h"], units["m"], units["s"]];
    factors.forEach((factor, index) => {
      total += Number(iso[index + 1] ?? 0) * (factor ?? 0);
    });
  }
  return Number.isFinite(total) && total <= longestDuration ? Math.round(total) : undefined;
}

/** Like {@link readDuration}; throws "bad-input" when the text is not a duration. */
export function parseDuration(text: string): number {
  const read = readDuration(text);
  if (read === undefined) {
    throw new BatonError("bad-input", `"${text.slice(0, 40)}" is not a duration.`, {
      hint: "Write 90s, 5m, 2h, 3d, or ISO 8601 such as PT5M; ten years at most.",
    });
  }
  return read;
}

/** Milliseconds as the language writes them, e.g. `1h30m`. `0s` for nothing. */
export function printDuration(milliseconds: number): string {
  let rest = Math.max(0, Math.round(milliseconds));
  let text = "";
  for (const unit of ["d", "h", "m", "s", "ms"]) {
    const size = units[unit] ?? 1;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text === "" ? "0s" : text;
}
