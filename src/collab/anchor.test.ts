import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import { anchorOf, stretchOf } from "./anchor.ts";

/** A text in which every character is another one, so that each is known again wherever it goes. */
const original = Array.from({ length: 40 }, (_, n) => String.fromCodePoint(0x4e00 + n)).join("");

type Replica = { doc: Y.Doc; text: Y.Text };

function replica(client: number, state?: Uint8Array): Replica {
  const doc = new Y.Doc();
  doc.clientID = client;
  const text = doc.getText("yaml");
  if (state === undefined) text.insert(0, original);
  else Y.applyUpdate(doc, state);
  return { doc, text };
}

function merge(one: Replica, other: Replica): void {
  Y.applyUpdate(other.doc, Y.encodeStateAsUpdate(one.doc, Y.encodeStateVector(other.doc)));
  Y.applyUpdate(one.doc, Y.encodeStateAsUpdate(other.doc, Y.encodeStateVector(one.doc)));
}

const edit = fc.record({
  who: fc.boolean(),
  kind: fc.constantFrom("insert", "insert", "delete", "merge"),
  at: fc.nat(1000),
  length: fc.integer({ min: 1, max: 8 }),
});

describe("an anchor", () => {
  it("holds what is left of its text and nothing that stood around it, on every replica, whatever is edited", () => {
    fc.assert(
      fc.property(
        fc.nat(38),
        fc.integer({ min: 1, max: 20 }),
        fc.array(edit, { maxLength: 40 }),
        (from, length, edits) => {
          const one = replica(1);
          const other = replica(2, Y.encodeStateAsUpdate(one.doc));
          const to = Math.min(original.length, from + length);
          const anchor = anchorOf(one.text, { from, to });
          const pinned = new Set(original.slice(from, to));
          for (const { who, kind, at, length: count } of edits) {
            const { text } = who ? one : other;
            const place = at % (text.length + 1);
            if (kind === "insert") text.insert(place, "x".repeat(count));
            else if (kind === "delete") text.delete(place, Math.min(count, text.length - place));
            else merge(one, other);
          }
          merge(one, other);
          const stretch = stretchOf(one.text, anchor);
          expect(stretchOf(other.text, anchor)).toEqual(stretch);
          if (stretch === null || stretch === "unseen") throw new Error("It is a place in this text.");
          const now = one.text.toString();
          const held = [...now.slice(stretch.from, stretch.to)].filter((sign) => sign !== "x");
          expect(held).toEqual([...now].filter((sign) => pinned.has(sign)));
        },
      ),
    );
  });

  it("takes in what is written inside, and not what is written right before or behind", () => {
    const { text } = replica(1);
    const anchor = anchorOf(text, { from: 10, to: 20 });
    text.insert(20, "behind");
    text.insert(15, "inside");
    text.insert(10, "before");
    expect(stretchOf(text, anchor)).toEqual({ from: 16, to: 32 });
  });

  it("takes in what replaces its last characters, by whomever and in as many steps as it takes", () => {
    const one = replica(1);
    const other = replica(2, Y.encodeStateAsUpdate(one.doc));
    const anchor = anchorOf(one.text, { from: 10, to: 20 });
    // As an editor types over what is selected.
    other.text.delete(15, 5);
    other.text.insert(15, "w");
    other.text.insert(16, "ords");
    other.text.delete(17, 1);
    merge(one, other);
    one.text.insert(17, "o");
    merge(one, other);
    for (const { text } of [one, other]) {
      const stretch = stretchOf(text, anchor);
      expect(stretch).toEqual({ from: 10, to: 20 });
      expect(text.toString().slice(10, 20)).toBe(`${original.slice(10, 15)}woods`);
    }
  });

  it("leaves out what was written behind it before its last characters went", () => {
    const { text } = replica(1);
    const anchor = anchorOf(text, { from: 10, to: 20 });
    text.delete(18, 2);
    expect(stretchOf(text, anchor)).toEqual({ from: 10, to: 18 });
    text.delete(18, 4);
    expect(stretchOf(text, anchor)).toEqual({ from: 10, to: 18 });
  });

  it("is empty where its text is gone, and comes back with it where that is undone", () => {
    const { text } = replica(1);
    const undo = new Y.UndoManager(text, { trackedOrigins: new Set([null]) });
    const anchor = anchorOf(text, { from: 10, to: 20 });
    text.delete(5, 20);
    expect(stretchOf(text, anchor)).toEqual({ from: 5, to: 5 });
    undo.undo();
    expect(text.toString()).toBe(original);
    expect(stretchOf(text, anchor)).toEqual({ from: 10, to: 20 });
  });

  it("outlives that the document is saved and loaded", () => {
    const { doc, text } = replica(1);
    const anchor = anchorOf(text, { from: 10, to: 20 });
    text.delete(0, 12);
    expect(stretchOf(replica(2, Y.encodeStateAsUpdate(doc)).text, anchor)).toEqual({ from: 0, to: 8 });
  });

  it("says where its text has not arrived, and where it is none of this document's", () => {
    const one = replica(1);
    const other = replica(2, Y.encodeStateAsUpdate(one.doc));
    one.text.insert(20, "news");
    expect(stretchOf(other.text, anchorOf(one.text, { from: 20, to: 24 }))).toBe("unseen");
    for (const end of ["", "AA==", "not base64", "A".repeat(400)]) {
      expect(stretchOf(one.text, { start: end, end })).toBeNull();
    }
    const elsewhere = one.doc.getText("other");
    elsewhere.insert(0, "words");
    expect(stretchOf(one.text, anchorOf(elsewhere, { from: 0, to: 5 }))).toBeNull();
  });
});
