import type * as Y from "yjs";

/** Numbers between 0 and 1, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Writes and removes words that are told apart, so that what is lost or came twice is noticed. */
export type Typist = {
  readonly written: Set<string>;
  readonly removed: Set<string>;
  /** Does one thing in the document. */
  type(doc: Y.Doc): string;
};

const word = /\[[^\]]*\]/g;

export function createTypist(name: string, random: () => number): Typist {
  const written = new Set<string>();
  const removed = new Set<string>();
  let count = 0;
  return {
    written,
    removed,
    type(doc) {
      const text = doc.getText("yaml");
      const words = [...text.toJSON().matchAll(word)];
      const chosen = words[Math.floor(random() * words.length)];
      if (chosen !== undefined && random() < 0.25) {
        text.delete(chosen.index, chosen[0].length);
        removed.add(chosen[0]);
        return chosen[0];
      }
      count += 1;
      const fresh = `[${name}${count}${"z".repeat(Math.floor(random() * 4))}]`;
      text.insert(chosen?.index ?? 0, fresh);
      written.add(fresh);
      return fresh;
    },
  };
}

/** Words of a document, sorted. */
export function wordsOf(doc: Y.Doc): string[] {
  return [...doc.getText("yaml").toJSON().matchAll(word)].map(([found]) => found).toSorted();
}
