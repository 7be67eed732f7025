import { describe, expect, it } from "vitest";
import { Doc, UndoManager } from "yjs";
import { applyChanges, editFlow, parseFlow, type Gesture } from "#flow/index.ts";
import { applyToDraft, gestureOrigin } from "./apply.ts";
import { addAfter, addInside, moveBy, moveInto, moveOut, onTask } from "./canvas/moves.ts";
import { placesOf } from "./language/places.ts";
import type { Place } from "./language/protocol.ts";
import type { Plan } from "./use-gestures.ts";

const text = `id: desk
tasks:
  # one
  - id: one
    log: x
  - id: group
    parallel:
      - id: left
        log: x
      - id: right
        log: "{{ tasks.one.output }}"
  - id: last
    log: x
`;

function draftOf(content: string) {
  const doc = new Doc();
  const shared = doc.getText("yaml");
  shared.insert(0, content);
  const undo = new UndoManager(shared, { trackedOrigins: new Set<unknown>([null, gestureOrigin]) });
  return { client: { doc }, text: shared, undo };
}

function placesIn(content: string): Place[] {
  const parsed = parseFlow(content);
  if (parsed.flow === null) throw new Error("no flow");
  return placesOf(parsed, parsed.flow);
}

function done(plan: Plan): string {
  const gesture = plan(placesIn(text));
  if (gesture === null) return "nothing";
  const after = applyChanges(text, editFlow(text, gesture));
  return placesIn(after)
    .map((place) => place.id)
    .join(" ");
}

describe("what is done on the canvas", () => {
  const kindOf = (id: string): string => (id === "group" ? "parallel" : "log");
  it.each([
    ["adds behind the selected task", addAfter("one", "wait"), "one wait group group/left group/right last"],
    [
      "adds at the end where nothing is selected",
      addAfter(null, "wait"),
      "one group group/left group/right last wait",
    ],
    [
      "adds inside",
      addInside("group", "parallel", "wait"),
      "one group group/left group/right group/wait last",
    ],
    ["moves up", moveBy("last", -1), "one last group group/left group/right"],
    ["moves down", moveBy("one", 1), "group group/left group/right one last"],
    ["does not move beyond the list", moveBy("last", 1), "nothing"],
    ["moves into the task above", moveInto("last", kindOf), "one group group/left group/right group/last"],
    ["does not move into a task that holds none", moveInto("group", kindOf), "nothing"],
    ["moves out, behind the task around", moveOut("group/left"), "one group group/right left last"],
    ["knows when a task is gone", onTask("gone", (task) => ({ kind: "remove", task })), "nothing"],
  ])("%s", (_, plan, expected) => {
    expect(done(plan)).toBe(expected);
  });
});

describe("a gesture in the draft", () => {
  const gestures: Gesture[] = [
    { kind: "move", task: ["tasks", 0], list: ["tasks"], index: 3 },
    { kind: "wrap", task: ["tasks", 1], head: "sequence" },
    { kind: "rename", task: ["tasks", 0], id: "first" },
    { kind: "duplicate", task: ["tasks", 1] },
    { kind: "set", path: ["tasks", 0, "log"], value: "xyz" },
  ];

  it.each(gestures)("$kind is one step to undo, and writes no more than it changes", (gesture) => {
    const draft = draftOf(text);
    draft.undo.stopCapturing();
    draft.text.insert(0, "# typed\n");
    const before = draft.text.toString();
    let updates = 0;
    let written = 0;
    draft.client.doc.on("update", () => (updates += 1));
    draft.text.observe((event) => {
      for (const part of event.delta) written += typeof part.insert === "string" ? part.insert.length : 0;
    });
    const changes = editFlow(before, gesture);
    applyToDraft(draft, changes);
    expect(draft.text.toString()).toBe(applyChanges(before, changes));
    expect(updates).toBe(1);
    expect(written).toBeLessThan(before.length);
    draft.undo.undo();
    expect(draft.text.toString()).toBe(before);
    draft.undo.undo();
    expect(draft.text.toString()).not.toContain("# typed");
  });
});
