import { isScalar, isSeq, type Node, type YAMLSeq } from "yaml";
import { isObject } from "#base/index.ts";
import type { DocumentPath } from "../language/source.ts";
import { refusal, type TextChange } from "./change.ts";
import { setField } from "./fields.ts";
import { TextTree, withoutLines } from "./tree.ts";
import { inline, scalar } from "./write.ts";

/** Has a task of a dag wait for another one of it. Refused where that one waits for the task already, directly or not. */
export function addNeed(text: string, task: DocumentPath, on: string): TextChange[] {
  const tree = new TextTree(text);
  const { id, needs } = dagAround(tree, task);
  if (needs.get(id)?.includes(on) === true) return [];
  if (!needs.has(on)) {
    throw refusal(
      `"${on}" does not stand beside "${id}".`,
      "Only tasks of the same dag can need each other.",
    );
  }
  if (on === id) throw refusal(`"${id}" can't need itself.`, "Draw the edge to another task.");
  const round = wayTo(needs, on, id);
  if (round !== null) {
    const way = round.slice(1).map((next, at) => `${round[at] ?? ""} needs ${next}`);
    throw refusal(
      `"${id}" can't need "${on}": they would wait for each other, since ${way.join(", ")}.`,
      "Remove one of these edges first.",
    );
  }
  const path = [...task, "needs"];
  const node = tree.at(path);
  if (isSeq(node) && node.items.length > 0) return [appended(tree, node, on)];
  if (isScalar(node) && typeof node.value === "string" && !tree.source(node).includes("\n")) {
    const { from, to } = tree.stretch(node);
    return [
      { from, to: from, insert: "[" },
      { from: to, to, insert: `, ${inline(on)}]` },
    ];
  }
  if (isSeq(node)) return [{ ...tree.stretch(node), insert: `[${inline(on)}]` }];
  return setField(text, path, on);
}

/** Has a task of a dag no longer wait for another one. */
export function removeNeed(text: string, task: DocumentPath, on: string): TextChange[] {
  const tree = new TextTree(text);
  const path = [...task, "needs"];
  const node = tree.at(path);
  if (isScalar(node)) return String(node.value) === on ? setField(text, path, undefined, task.length) : [];
  if (!isSeq(node)) return [];
  const names = node.items.map((item) => (isScalar(item) ? String(item.value) : ""));
  const index = names.indexOf(on);
  if (index < 0) return [];
  const left = names.filter((name) => name !== on);
  if (left.length === 0) return setField(text, path, undefined, task.length);
  if (left.length < names.length - 1) return setField(text, path, left);
  if (tree.isBlock(node)) return [withoutLines(text, tree.itemLines(node, index))];
  const { from, to } = tree.stretch(node.items[index] as Node);
  const next = node.items[index + 1] as Node | undefined;
  if (next !== undefined) return [{ from, to: tree.stretch(next).from, insert: "" }];
  return [{ from: tree.stretch(node.items[index - 1] as Node).to, to, insert: "" }];
}

/** What takes a task of a dag out of the needs of those beside it; nothing for tasks that stand elsewhere. */
export function forgetNeed(text: string, task: DocumentPath): TextChange[] {
  if (task.at(-2) !== "dag") return [];
  const { id, needs } = dagAround(new TextTree(text), task);
  return [...needs.values()].flatMap((before, index) =>
    before.includes(id) && index !== Number(task.at(-1))
      ? removeNeed(text, [...task.slice(0, -1), index], id)
      : [],
  );
}

type Dag = {
  readonly id: string;
  /** By id, in the order of the text. */
  readonly needs: ReadonlyMap<string, readonly string[]>;
};

function dagAround(tree: TextTree, task: DocumentPath): Dag {
  const list: unknown = tree.at(task.slice(0, -1))?.toJSON();
  if (task.at(-2) !== "dag" || !Array.isArray(list)) {
    throw refusal(
      "Only tasks of a dag need each other.",
      "Elsewhere the order of the list says what comes first.",
    );
  }
  const needs = new Map<string, readonly string[]>();
  list.forEach((one: unknown, index) => {
    const id = isObject(one) && typeof one["id"] === "string" ? one["id"] : `[${index}]`;
    const named: unknown = isObject(one) ? one["needs"] : undefined;
    // A task without an id, or with that of another, keeps its place.
    needs.set(
      needs.has(id) ? `[${index}]` : id,
      Array.isArray(named) ? named.map(String) : [named ?? []].flat().map(String),
    );
  });
  const id = [...needs.keys()][Number(task.at(-1))];
  if (id === undefined) {
    throw refusal(
      "This task is not in the text any more.",
      "Look at the text: somebody may have changed it.",
    );
  }
  return { id, needs };
}

/** The ids from one task to another by what each needs; null where there is no way. */
function wayTo(needs: Dag["needs"], from: string, to: string, seen = new Set<string>()): string[] | null {
  if (from === to) return [to];
  seen.add(from);
  for (const next of needs.get(from) ?? []) {
    if (seen.has(next)) continue;
    const rest = wayTo(needs, next, to, seen);
    if (rest !== null) return [from, ...rest];
  }
  return null;
}

function appended(tree: TextTree, list: YAMLSeq, on: string): TextChange {
  if (!tree.isBlock(list)) {
    const { to } = tree.stretch(list.items.at(-1) as Node);
    return { from: to, to, insert: `, ${inline(on)}` };
  }
  const { to } = tree.itemLines(list, list.items.length - 1);
  const column = tree.column(tree.dashes(list)[0] ?? 0);
  return { from: to, to, insert: `\n${" ".repeat(column)}- ${scalar(on)}` };
}
