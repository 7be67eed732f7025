const stopWords = new Set(
  "a an and any are as at be been but by can could did do does for from had has have how i if in into is it its may me must no not of on only or our please should so some than that the their them then there these they this to us use using want was we were what when which who why will with would you your tool tools task answer".split(
    " ",
  ),
);

/** Reduces a word to a crude stem, so that "refunds", "refunded" and "refund" meet. */
function stem(word: string): string {
  if (word.length > 5 && word.endsWith("ies")) return `${word.slice(0, -3)}y`;
  for (const ending of ["ations", "ation", "ings", "ing", "ers", "er", "ed", "es", "s"]) {
    if (word.length - ending.length >= 3 && word.endsWith(ending)) {
      const root = word.slice(0, -ending.length);
      return root.endsWith("e") ? root.slice(0, -1) : root;
    }
  }
  return word.length > 3 && word.endsWith("e") ? word.slice(0, -1) : word;
}

/** The words of a text that carry meaning, as stems in order. Splits camelCase, snake_case and dots. */
export function stems(text: string): string[] {
  const words = text
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu);
  return (words ?? []).filter((word) => !stopWords.has(word)).map(stem);
}

/** How well two sets of stems agree: 0 (nothing in common) to 1 (the same). */
export function likeness(left: readonly string[], right: readonly string[]): number {
  if (left.length === 0 || right.length === 0) return 0;
  const rest = new Set(right);
  const shared = new Set(left.filter((word) => rest.has(word))).size;
  return (2 * shared) / (new Set(left).size + rest.size);
}

/** How many different stems of `wanted` occur in `text`. */
export function shared(wanted: readonly string[], text: ReadonlySet<string>): string[] {
  return [...new Set(wanted)].filter((word) => text.has(word));
}

export function sentences(text: string): string[] {
  return text
    .replace(/\s+/g, " ")
    .split(/(?<=[.!?])\s+(?=\p{Lu}|\d|")/u)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== "");
}

/** At most `length` characters, cut at a word. */
export function clip(text: string, length: number): string {
  const flat = text.replace(/\s+/g, " ").trim();
  if (flat.length <= length) return flat;
  const cut = flat.slice(0, length - 1);
  const space = cut.lastIndexOf(" ");
  return `${space > length / 2 ? cut.slice(0, space) : cut}…`;
}
