import { distance } from "fastest-levenshtein";

/** Ids that expressions name. */
export const idPattern = /^[A-Za-z][A-Za-z0-9_]*$/;
/** Ids of flows and names of tools. */
export const dottedPattern = /^[A-Za-z][A-Za-z0-9_.-]*$/;
/** Names of labels. */
export const labelPattern = /^[A-Za-z][A-Za-z0-9_./-]*$/;
/** Longest id or name in characters. */
export const longestName = 80;

/** The known name that was probably meant, if one is near enough. */
export function nearest(given: string, known: Iterable<string>): string | undefined {
  if (given.length > 100) return undefined;
  let best: string | undefined;
  let least = Math.max(2, Math.ceil(given.length / 3)) + 1;
  for (const name of known) {
    if (name === given) continue;
    const away = distance(given.toLowerCase(), name.toLowerCase());
    if (away < least && away < Math.max(given.length, name.length)) {
      best = name;
      least = away;
    }
  }
  return best;
}

/** ` Did you mean "x"?`, or nothing. */
export function didYouMean(given: string, known: Iterable<string>): string {
  const near = nearest(given, known);
  return near === undefined ? "" : ` Did you mean "${near}"?`;
}
