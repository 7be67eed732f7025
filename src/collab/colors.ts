/** Colours that people can be told apart by, readable on light and on dark. */
const colors = [
  "#c2410c",
  "#a16207",
  "#4d7c0f",
  "#15803d",
  "#0f766e",
  "#0369a1",
  "#1d4ed8",
  "#6d28d9",
  "#a21caf",
  "#be123c",
  "#9f1239",
  "#57534e",
] as const;

/** The colour of a person, the same everywhere. */
export function colorOf(id: string): string {
  let hash = 0;
  for (const character of id) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) | 0;
  return colors[Math.abs(hash) % colors.length] ?? colors[0];
}
