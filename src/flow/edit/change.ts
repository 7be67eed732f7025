import { BatonError } from "#base/index.ts";

/** One stretch of a text and what takes its place. Offsets are of the text before any change; the end is exclusive. */
export type TextChange = { readonly from: number; readonly to: number; readonly insert: string };

/** The text with the changes made. They must not overlap. */
export function applyChanges(text: string, changes: readonly TextChange[]): string {
  let result = "";
  let at = 0;
  for (const change of inOrder(changes)) {
    result += text.slice(at, change.from) + change.insert;
    at = change.to;
  }
  return result + text.slice(at);
}

/** By their places; of several at one place, in the order in which they were given. */
export function inOrder(changes: readonly TextChange[]): TextChange[] {
  return changes.toSorted((a, b) => a.from - b.from || a.to - b.to);
}

/** What can't be done with the text as it is, and what to do instead. */
export function refusal(message: string, hint: string): BatonError {
  return new BatonError("conflict", message, { hint });
}
