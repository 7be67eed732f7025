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
 * Where a stretch is now, with what replaced its end while some of it was left. Empty where all of its text is deleted; "unseen" where this replica has not yet heard of the
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
  if (to <= from) return { from, to: from };
  return { from, to: to + lengthInPlaceOf(doc, ends[1]?.item) };
}

/**
 * Characters that stand in the place of a stretch's last ones: an editor writes behind what it deletes, so that they come
 * right after a character that is gone. Text that stood behind the stretch from the start is not meant.
 */
function lengthInPlaceOf(doc: Y.Doc, last: Y.ID | null | undefined): number {
  if (!last) return 0;
  const gone = Y.getItem(doc.store, last);
  if (!gone.deleted) return 0;
  const since: Y.Item[] = [gone];
  let length = 0;
  for (let item = gone.right; item !== null; item = item.right) {
    const { origin } = item;
    // Written in one go with what is gone.
    if (item.id.client === gone.id.client && item.id.clock === gone.id.clock + gone.length) break;
    if (origin === null || !since.some((one) => isIn(origin, one))) break;
    if (!item.deleted) length += item.length;
    since.push(item);
  }
  return length;
}

function isIn({ client, clock }: Y.ID, { id, length }: Y.Item): boolean {
  return client === id.client && clock >= id.clock && clock < id.clock + length;
}

function decoded(end: string): Y.RelativePosition | null {
  if (end.length > longestAnchor) return null;
  try {
    return Y.decodeRelativePosition(fromBase64(end));
  } catch {
    return null;
  }
}
