import { fromBase64, toBase64 } from "lib0/buffer";
import * as Y from "yjs";

/**
 * A stretch of a text that moves with it: its ends are bound to the characters that they stand at, whatever is written
 * or deleted around and between them. Each end is a relative position of Yjs in base64.
 */
export type Anchor = { readonly start: string; readonly end: string };

/** Offsets of a text, the end exclusive. */
export type AnchoredStretch = { readonly from: number; readonly to: number };

/** Ends longer than this are of no text of ours. Characters. */
export const longestAnchor = 200;

/** Binds a stretch, which must not be empty: what is written right before or behind it later does not belong to it. */
export function anchorOf(text: Y.Text, { from, to }: AnchoredStretch): Anchor {
  const end = (index: number, side: number): string =>
    toBase64(Y.encodeRelativePosition(Y.createRelativePositionFromTypeIndex(text, index, side)));
  return { start: end(from, 0), end: end(to, -1) };
}

/**
 * Where a stretch is now. Empty where all of its text is deleted; "unseen" where this replica has not yet heard of the
 * text that it is bound to; null where the anchor is not one of this text.
 */
export function stretchOf(text: Y.Text, anchor: Anchor): AnchoredStretch | "unseen" | null {
  const { doc } = text;
  const ends = [anchor.start, anchor.end].map(decoded);
  if (doc === null) return null;
  const places: number[] = [];
  for (const position of ends) {
    // Ends of ours always stand at a character.
    if (position === null || position.item === null) return null;
    const { client, clock } = position.item;
    if (Y.getState(doc.store, client) <= clock) return "unseen";
    const place = Y.createAbsolutePositionFromRelativePosition(position, doc);
    if (place === null || place.type !== text) return null;
    places.push(place.index);
  }
  const [from = 0, to = 0] = places;
  return { from, to: Math.max(from, to) };
}

function decoded(end: string): Y.RelativePosition | null {
  if (end.length > longestAnchor) return null;
  try {
    return Y.decodeRelativePosition(fromBase64(end));
  } catch {
    return null;
  }
}
