import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyUpdate, Doc, encodeStateAsUpdate, encodeStateVector } from "yjs";
import { meet, watchMeetings, type Meeting } from "./clash-watch.ts";

type Site = {
  readonly doc: Doc;
  readonly met: Meeting[];
  /** Everything typed so far is saved now. */
  save(): Promise<void>;
};

function site(content: Uint8Array): Site {
  const doc = new Doc();
  applyUpdate(doc, content);
  const met: Meeting[] = [];
  let waiting: (() => void)[] = [];
  let late: (() => void)[] = [];
  watchMeetings(doc.getText("yaml"), {
    whenSaved: () => new Promise((resolve) => void waiting.push(resolve)),
    hear: (meetings) => void met.push(...meetings),
    later: (call) => void late.push(call),
  });
  return {
    doc,
    met,
    async save() {
      await allPromises();
      for (const resolve of waiting.splice(0)) resolve();
      waiting = [];
      await allPromises();
      for (const call of late.splice(0)) call();
      late = [];
    },
  };
}

async function allPromises(): Promise<void> {
  for (let n = 0; n < 10; n += 1) await Promise.resolve();
}

function pair(text: string): readonly [Site, Site] {
  const first = new Doc();
  first.getText("yaml").insert(0, text);
  const content = encodeStateAsUpdate(first);
  return [site(content), site(content)];
}

function replace({ doc }: Site, was: string, now: string): void {
  const text = doc.getText("yaml");
  const at = text.toString().indexOf(was);
  doc.transact(() => {
    text.delete(at, was.length);
    text.insert(at, now);
  });
}

function exchange(a: Site, b: Site): void {
  const [fromA, fromB] = [
    encodeStateAsUpdate(a.doc, encodeStateVector(b.doc)),
    encodeStateAsUpdate(b.doc, encodeStateVector(a.doc)),
  ];
  applyUpdate(a.doc, fromB, "provider");
  applyUpdate(b.doc, fromA, "provider");
}

const start = "id: f\nmodel: small\nlimit: 40\n";

describe("meetings", () => {
  it("two people who replace one value at once are told, both, where and whose it is", () => {
    const [a, b] = pair(start);
    replace(a, "small", "large");
    replace(b, "small", "fast");
    exchange(a, b);
    const text = a.doc.getText("yaml").toString();
    expect(b.doc.getText("yaml").toString()).toBe(text);
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const [found] = one.met.filter(({ own, other: their }) => meet(own, their));
      expect(found?.clients).toEqual([other.doc.clientID]);
      expect(text.slice(found?.own.from, found?.own.to)).toBe(one === a ? "large" : "fast");
      expect(text.slice(found?.other.from, found?.other.to)).toBe(one === a ? "fast" : "large");
    }
  });

  it("is told how far apart they are otherwise", () => {
    const [a, b] = pair(start);
    replace(a, "small", "large");
    replace(b, "40", "41");
    exchange(a, b);
    expect(a.met).toHaveLength(1);
    expect(a.met.filter(({ own, other }) => meet(own, other))).toEqual([]);
  });

  it("a change that was made knowing one's own is no meeting", async () => {
    const [a, b] = pair(start);
    replace(a, "small", "large");
    await a.save();
    exchange(a, b);
    replace(b, "large", "fast");
    await b.save();
    exchange(a, b);
    expect([...a.met, ...b.met]).toEqual([]);
  });

  it("what was written while away meets what was written meanwhile, on the side that comes back", async () => {
    const [a, b] = pair(start);
    replace(b, "small", "fast");
    await b.save();
    replace(a, "small", "large");
    a.doc.getText("yaml").insert(0, "# away\n");
    exchange(a, b);
    expect(a.met.filter(({ own, other }) => meet(own, other))).toHaveLength(1);
    expect(b.met).toEqual([]);
  });

  it("stretches follow the text, whatever is typed before and behind them", () => {
    const edits = fc.array(fc.record({ at: fc.nat(60), word: fc.constantFrom("x", "yy", "\n") }), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(edits, edits, (mine, theirs) => {
        const [a, b] = pair(start);
        replace(a, "small", "LARGE");
        const outside = (one: Site, at: number, word: string): void => {
          const text = one.doc.getText("yaml");
          const place = Math.min(at, text.length);
          const value = text.toString().search(/small|LARGE/);
          // Not in the value itself, nor at its edges.
          if (place < value - 1 || place > value + 6) text.insert(place, word);
        };
        for (const { at, word } of mine) outside(a, at, word);
        for (const { at, word } of theirs) outside(b, at, word);
        exchange(a, b);
        replace(b, "LARGE", "Q");
        exchange(a, b);
        const last = a.met.filter(({ own, other }) => meet(own, other)).at(-1);
        const text = a.doc.getText("yaml").toString();
        expect(last === undefined ? "Q" : text.slice(last.other.from, last.other.to)).toBe("Q");
      }),
      { numRuns: 200, seed: 2 },
    );
  });
});
