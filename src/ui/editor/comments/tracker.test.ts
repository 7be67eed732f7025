import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as Y from "yjs";
import { BatonError } from "#base/index.ts";
import { anchorOf } from "#collab/client.ts";
import { editFlow, parseFlow, type Gesture } from "#flow/index.ts";
import { applyToDraft, gestureOrigin } from "../apply.ts";
import { placesOf } from "../language/places.ts";
import { PinTracker, type Pinned, type Reading } from "./tracker.ts";

const flowText = `id: shop
tasks:
  - id: fetch
    log: marker-fetch of all orders
  # Both at once
  - id: both
    parallel:
      - id: left
        log: marker-left goes first
      - id: right
        log: marker-right "{{ tasks.fetch.output }}"
  - id: check
    if: "true"
    then:
      - id: inner
        log: marker-inner deep down
  - id: last
    log: marker-last and out
`;
const marked = ["fetch", "left", "right", "inner", "last"];

type Side = { doc: Y.Doc; text: Y.Text; undo: Y.UndoManager; tracker: PinTracker };

function side(client: number, state?: Uint8Array): Side {
  const doc = new Y.Doc();
  doc.clientID = client;
  const text = doc.getText("yaml");
  if (state === undefined) text.insert(0, flowText);
  else Y.applyUpdate(doc, state);
  const undo = new Y.UndoManager(text, { trackedOrigins: new Set([null, gestureOrigin]) });
  return { doc, text, undo, tracker: new PinTracker(text) };
}

function read({ text }: Side): Reading {
  const parsed = parseFlow(text.toString());
  const { flow } = parsed;
  return { isReadable: flow !== null, places: flow === null ? [] : placesOf(parsed, flow) };
}

function pinTask(on: Side, node: string): Pinned {
  const place = read(on).places.find(({ id }) => id.split("/").at(-1) === node);
  if (place === undefined) throw new Error(node);
  const anchor = anchorOf(on.text, place);
  const quote = on.text.toString().slice(place.from, place.to);
  return { id: `thread-${node}`, kind: "task", anchor, version: 0, task: node, quote };
}

function pinRange(on: Side, words: string, task: string | null): Pinned {
  const from = on.text.toString().indexOf(words);
  const anchor = anchorOf(on.text, { from, to: from + words.length });
  return { id: `range-${words}`, kind: "range", anchor, version: 0, task, quote: words };
}

function perform(on: Side, gesture: Gesture): boolean {
  try {
    const changes = editFlow(on.text.toString(), gesture);
    applyToDraft({ client: { doc: on.doc }, text: on.text, undo: on.undo }, changes);
    return true;
  } catch (error) {
    if (BatonError.isInstance(error)) return false;
    throw error;
  }
}

function type(on: Side, from: string, to: string): void {
  const at = on.text.toString().indexOf(from);
  if (at < 0) throw new Error(`There is no "${from}".`);
  on.doc.transact(() => {
    on.text.delete(at, from.length);
    on.text.insert(at, to);
  });
}

const located = (on: Side, pin: Pinned) => on.tracker.look([pin], read(on)).get(pin.id);
const nodeOf = (on: Side, pin: Pinned): string | null => {
  const found = located(on, pin);
  return found?.state === "there" ? found.node : null;
};
const textAt = (on: Side, pin: Pinned): string | null => {
  const found = located(on, pin);
  return found?.state === "there" ? on.text.toString().slice(found.from, found.to) : null;
};

const anyGesture = fc.record({
  kind: fc.constantFrom("move", "move", "rename", "rename", "wrap", "add", "note", "undo"),
  task: fc.nat(100),
  list: fc.nat(100),
  index: fc.nat(4),
});

/** Does something to a task that is there; the lists are those of the text as it is. */
function gesture(
  on: Side,
  { kind, task, list, index }: { [K in "task" | "list" | "index"]: number } & { kind: string },
  n: number,
): void {
  const { places } = read(on);
  const place = places[task % places.length];
  if (place === undefined) return;
  const lists = [
    ...new Map(places.map(({ path }) => [JSON.stringify(path.slice(0, -1)), path.slice(0, -1)])).values(),
  ];
  const to = lists[list % lists.length] ?? ["tasks"];
  if (kind === "undo") on.undo.undo();
  else if (kind === "move") perform(on, { kind: "move", task: place.path, list: to, index });
  else if (kind === "rename") perform(on, { kind: "rename", task: place.path, id: `renamed_${n}` });
  else if (kind === "wrap") perform(on, { kind: "wrap", task: place.path, head: "sequence" });
  else if (kind === "add") perform(on, { kind: "add", list: to, index, head: "log" });
  else on.text.insert(0, `# note ${n}\n`);
}

describe("a pin on a task", () => {
  it("stays with it through any number of gestures: renamed, moved, wrapped, undone", () => {
    fc.assert(
      fc.property(fc.array(anyGesture, { maxLength: 12 }), (gestures) => {
        const on = side(1);
        const pins = marked.map((node) => ({ marker: `marker-${node} `, pin: pinTask(on, node) }));
        for (const { pin } of pins) located(on, pin);
        const all = pins.map(({ pin }) => pin);
        gestures.forEach((one, n) => {
          gesture(on, one, n);
          const reading = read(on);
          const found = on.tracker.look(all, reading);
          const text = on.text.toString();
          for (const { marker, pin } of pins) {
            const at = found.get(pin.id);
            if (at?.state !== "there") throw new Error(`${pin.id} is ${at?.state} in\n${text}`);
            const inner = reading.places
              .filter(({ from, to }) => text.slice(from, to).includes(marker))
              .toSorted((a, b) => a.to - a.from - (b.to - b.from))[0];
            expect(at.node, text).toBe(inner?.id);
          }
        });
      }),
      { numRuns: 60 },
    );
  });

  it("is known again by who opens the draft later, once it was said where it went", () => {
    const on = side(1);
    const pin = pinTask(on, "left");
    expect(nodeOf(on, pin)).toBe("both/left");
    expect(on.tracker.wentTo(pin, read(on))).toBeNull();
    const path = read(on).places.find(({ id }) => id === "both/left")?.path ?? [];
    perform(on, { kind: "rename", task: path, id: "port" });
    expect(nodeOf(on, pin)).toBe("both/port");
    perform(on, { kind: "move", task: path, list: ["tasks"], index: 0 });
    expect(nodeOf(on, pin)).toBe("port");
    // Who looks only now finds neither the text nor the name.
    const late = side(2, Y.encodeStateAsUpdate(on.doc));
    expect(located(late, pin)).toEqual({ state: "gone" });
    const went = on.tracker.wentTo(pin, read(on));
    if (went === null) throw new Error("It went somewhere.");
    expect(went.task).toBe("port");
    const saved = { ...pin, ...went, version: 1 };
    expect(nodeOf(late, saved)).toBe("port");
    expect(nodeOf(on, saved)).toBe("port");
    expect(on.tracker.wentTo(saved, read(on))).toBeNull();
  });

  it("does not jump to a task whose name is passed through while another one is typed", () => {
    const on = side(1);
    const pin = pinTask(on, "left");
    located(on, pin);
    for (const [from, to] of [
      ["id: left", "id: las"],
      ["id: las\n", "id: last\n"],
      ["id: last\n", "id: lasting\n"],
    ] as const) {
      type(on, from, to);
      expect(textAt(on, pin)).toContain("marker-left");
    }
    expect(nodeOf(on, pin)).toBe("both/lasting");
  });

  it("says that its task is gone, and finds it where it comes back", () => {
    const on = side(1);
    const pin = pinTask(on, "last");
    located(on, pin);
    const place = read(on).places.find(({ id }) => id === "last");
    perform(on, { kind: "remove", task: place?.path ?? [] });
    expect(located(on, pin)).toEqual({ state: "gone" });
    expect(on.tracker.wentTo(pin, read(on))).toBeNull();
    on.text.insert(on.text.length, "  - id: last\n    log: written anew\n");
    expect(nodeOf(on, pin)).toBe("last");
  });

  it("stays where it is while the text can't be read", () => {
    const on = side(1);
    const pin = pinTask(on, "fetch");
    located(on, pin);
    on.text.insert(on.text.toString().indexOf("  # Both"), "  - id: [\n");
    expect(read(on).isReadable).toBe(false);
    expect(nodeOf(on, pin)).toBe("fetch");
    expect(on.tracker.wentTo(pin, read(on))).toBeNull();
    type(on, "  - id: [\n", "");
    expect(nodeOf(on, pin)).toBe("fetch");
  });
});

describe("a pin on words", () => {
  it("moves with them, takes in what is written inside, and follows them into another place", () => {
    const on = side(1);
    const pin = pinRange(on, "goes first", "left");
    on.text.insert(0, "# Above\n");
    expect(textAt(on, pin)).toBe("goes first");
    on.text.insert(on.text.toString().indexOf("first"), "quite ");
    expect(textAt(on, pin)).toBe("goes quite first");
    const path = read(on).places.find(({ id }) => id === "both/left")?.path ?? [];
    perform(on, { kind: "move", task: path, list: ["tasks"], index: 0 });
    expect(textAt(on, pin)).toBe("goes quite first");
    expect(nodeOf(on, pin)).toBe("left");
    expect(on.tracker.wentTo(pin, read(on))).toMatchObject({ task: "left" });
  });

  it("says that they are gone, rather than point at what reads alike elsewhere", () => {
    const on = side(1);
    const short = pinRange(on, "deep down", "inner");
    const long = pinRange(on, "goes first", "left");
    type(on, "marker-left goes first", "marker-left");
    type(on, "deep down", "");
    on.text.insert(on.text.length, "# deep down\n# goes first\n# goes first\n");
    expect(located(on, short)).toEqual({ state: "gone" });
    expect(located(on, long)).toEqual({ state: "gone" });
  });

  it("has not arrived where its text has not", () => {
    const on = side(1);
    const late = side(2, Y.encodeStateAsUpdate(on.doc));
    on.text.insert(0, "# A new line\n");
    const pin = pinRange(on, "new line", null);
    expect(located(late, pin)).toEqual({ state: "unseen" });
    Y.applyUpdate(late.doc, Y.encodeStateAsUpdate(on.doc));
    expect(textAt(late, pin)).toBe("new line");
  });
});
