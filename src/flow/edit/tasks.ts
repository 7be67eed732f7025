import { isMap, isSeq, type Node, type YAMLSeq } from "yaml";
import type { JsonObject } from "#base/index.ts";
import type { DocumentPath } from "../language/source.ts";
import { refusal, type TextChange } from "./change.ts";
import { TextTree, withoutLines, type Stretch } from "./tree.ts";
import { blockItem, inline, shifted } from "./write.ts";

/** A task on its way to a list: what is written of it in block form (its dash in the column), and what it is. */
type Carried = {
  readonly lines: { readonly text: string; readonly column: number } | null;
  readonly flow: string;
  readonly value: () => JsonObject;
};

/** Puts a task into the list at `list`, before the one that is at `index` now. The list need not be there yet. */
export function insertTask(text: string, list: DocumentPath, index: number, task: JsonObject): TextChange[] {
  return [put(new TextTree(text), list, index, { lines: null, flow: inline(task), value: () => task })];
}

/** Takes a task out of its list. A list that gets empty stays, as `[]`. */
export function removeTask(text: string, task: DocumentPath): TextChange[] {
  return [takeOut(new TextTree(text), task)];
}

/** Puts a task elsewhere; `index` counts as the target list stands before the move. */
export function moveTask(text: string, task: DocumentPath, list: DocumentPath, index: number): TextChange[] {
  if (task.every((step, at) => list[at] === step)) {
    throw refusal("A task can't stand inside of itself.", "Move it elsewhere.");
  }
  const same = list.length === task.length - 1 && list.every((step, at) => task[at] === step);
  const from = Number(task.at(-1));
  if (same && (index === from || index === from + 1)) return [];
  const tree = new TextTree(text);
  const carried = carry(tree, task);
  const source = listAt(tree, task.slice(0, -1));
  // The only one of its list stands at every place of it.
  if (same) return source.items.length > 1 ? swapped(tree, source, from, index) : [];
  return [takeOut(tree, task), put(tree, list, index, carried)];
}

/** Within one list: takes the text out here and puts it in there, and leaves the others alone. */
function swapped(tree: TextTree, list: YAMLSeq, from: number, index: number): TextChange[] {
  if (!tree.isBlock(list)) {
    const order = list.items.map((_, at) => at).filter((at) => at !== from);
    order.splice(index > from ? index - 1 : index, 0, from);
    // Only the stretch between the two places is written again.
    const first = Math.min(from, index > from ? index - 1 : index);
    const last = Math.max(from, index > from ? index - 1 : index);
    return order.slice(first, last + 1).flatMap((source, at) => {
      const place = first + at;
      if (place === source) return [];
      const target = tree.stretch(list.items[place] as Node);
      return [{ ...target, insert: tree.source(list.items[source] as Node) }];
    });
  }
  const lines = tree.itemLines(list, from);
  const taken = withoutLines(tree.text, lines);
  const moved = tree.text.slice(lines.from, lines.to);
  if (index < list.items.length) {
    const before = tree.itemLines(list, index).from;
    return [taken, { from: before, to: before, insert: `${moved}\n` }];
  }
  const after = tree.itemLines(list, list.items.length - 1).to;
  return [taken, { from: after, to: after, insert: `\n${moved}` }];
}

/** Puts tasks around a task: `around` is the new task, `key` the list of it that the task goes into. */
export function wrapTask(text: string, task: DocumentPath, around: JsonObject, key: string): TextChange[] {
  const tree = new TextTree(text);
  const index = Number(task.at(-1));
  const list = listAt(tree, task.slice(0, -1));
  if (!tree.isBlock(list)) {
    const item = tree.at(task);
    if (item === null) throw gone();
    const { from, to } = tree.stretch(item);
    const before = inline(around).replace(/ ?\}$/, "");
    return [
      { from, to: from, insert: `${before}, ${key}: [ ` },
      { from: to, to, insert: " ] }" },
    ];
  }
  const lines = tree.itemLines(list, index);
  const column = tree.column(tree.dashes(list)[index] ?? lines.from);
  const changes: TextChange[] = [];
  for (let start = lines.from; start <= lines.to; start = tree.lineEnd(start) + 1) {
    const isEmpty = tree.text.slice(start, tree.lineEnd(start)).trim() === "";
    const insert = `${start === lines.from ? `${blockItem(around, column)}\n${" ".repeat(column + 2)}${key}:\n` : ""}${isEmpty ? "" : "    "}`;
    if (insert !== "") changes.push({ from: start, to: start, insert });
  }
  return changes;
}

/** Puts a copy of a task behind it. `rename` gets the task's text and answers it with ids that are free. */
export function duplicateTask(
  text: string,
  task: DocumentPath,
  changesIn: (stretch: Stretch) => readonly TextChange[],
): TextChange[] {
  const tree = new TextTree(text);
  const index = Number(task.at(-1));
  const list = listAt(tree, task.slice(0, -1));
  const item = tree.at(task);
  if (item === null) throw gone();
  const stretch = tree.isBlock(list) ? tree.itemLines(list, index) : tree.stretch(item);
  let copy = "";
  let at = stretch.from;
  for (const change of changesIn(stretch).toSorted((a, b) => a.from - b.from)) {
    copy += text.slice(at, change.from) + change.insert;
    at = change.to;
  }
  copy += text.slice(at, stretch.to);
  const insert = tree.isBlock(list) ? `\n${copy}` : `, ${copy}`;
  return [{ from: stretch.to, to: stretch.to, insert }];
}

function carry(tree: TextTree, task: DocumentPath): Carried {
  const list = listAt(tree, task.slice(0, -1));
  const item = tree.at(task);
  if (item === null) throw gone();
  const value = (): JsonObject => item.toJSON() as JsonObject;
  if (!tree.isBlock(list)) {
    const source = tree.source(item);
    return { lines: source.includes("\n") ? null : { text: `- ${source}`, column: 0 }, flow: source, value };
  }
  const index = Number(task.at(-1));
  const { from, to } = tree.itemLines(list, index);
  const column = tree.column(tree.dashes(list)[index] ?? from);
  return {
    lines: { text: tree.text.slice(from, to), column },
    get flow() {
      return inline(value());
    },
    value,
  };
}

function put(tree: TextTree, path: DocumentPath, index: number, task: Carried): TextChange {
  const node = tree.at(path);
  if (isSeq(node) && node.items.length > 0) return putBeside(tree, node, index, task);
  if (node !== null && !isSeq(node) && node.toJSON() !== null) {
    throw refusal("Tasks are written as a list, and here stands something else.", "Correct the text first.");
  }
  return putFirst(tree, path, node, task);
}

function putBeside(tree: TextTree, list: YAMLSeq, index: number, task: Carried): TextChange {
  const last = index >= list.items.length;
  if (!tree.isBlock(list)) {
    const neighbour = list.items[Math.min(index, list.items.length - 1)] as Node;
    const { from, to } = tree.stretch(neighbour);
    return last ? { from: to, to, insert: `, ${task.flow}` } : { from, to: from, insert: `${task.flow}, ` };
  }
  const column = tree.column(tree.dashes(list)[0] ?? 0);
  const lines = linesAt(task, column);
  const { from, to } = tree.itemLines(list, Math.min(index, list.items.length - 1));
  return last ? { from: to, to, insert: `\n${lines}` } : { from, to: from, insert: `${lines}\n` };
}

/** Into a list that is empty, or not there. */
function putFirst(tree: TextTree, path: DocumentPath, node: Node | null, task: Carried): TextChange {
  const name = String(path.at(-1));
  const owner = tree.at(path.slice(0, -1));
  if (owner === null && path.length === 1) {
    const from = tree.text.length;
    const break_ = from === 0 || tree.text.endsWith("\n") ? "" : "\n";
    return { from, to: from, insert: `${break_}${name}:\n${linesAt(task, 2)}\n` };
  }
  if (!isMap(owner)) throw gone();
  const member = tree.member(owner, name);
  if (!tree.isBlock(owner)) {
    if (member !== null && node !== null) return { ...tree.stretch(node), insert: `[ ${task.flow} ]` };
    const { to } = tree.stretch(owner);
    const separator = owner.items.length === 0 ? " " : ", ";
    const end = tree.text.slice(0, to - 1).trimEnd().length;
    return { from: end, to: to - 1, insert: `${separator}${name}: [ ${task.flow} ] ` };
  }
  if (member !== null) {
    const column = tree.column(tree.stretch(member.key).from);
    const colon = tree.text.indexOf(":", tree.stretch(member.key).to);
    const end = node === null ? colon + 1 : Math.max(tree.stretch(node).to, colon + 1);
    const rest = tree.text.slice(end, tree.lineEnd(end));
    // A comment behind the brackets stays in the line of the key.
    return {
      from: colon + 1,
      to: end + rest.length,
      insert: `${rest.trimEnd()}\n${linesAt(task, column + 2)}`,
    };
  }
  const lastMember = tree.members(owner).at(-1);
  const firstMember = tree.members(owner)[0];
  if (lastMember === undefined || firstMember === undefined) throw gone();
  const column = tree.column(tree.stretch(firstMember.key).from);
  const end = tree.endOf(lastMember.value, tree.stretch(lastMember.key).to + 1);
  return { from: end, to: end, insert: `\n${" ".repeat(column)}${name}:\n${linesAt(task, column + 2)}` };
}

function linesAt(task: Carried, column: number): string {
  return task.lines === null
    ? blockItem(task.value(), column)
    : shifted(task.lines.text, column - task.lines.column);
}

function takeOut(tree: TextTree, task: DocumentPath): TextChange {
  const index = Number(task.at(-1));
  const list = listAt(tree, task.slice(0, -1));
  const item = (list.items[index] as Node | undefined) ?? null;
  if (item === null) throw gone();
  if (list.items.length === 1) return emptied(tree, list, task.slice(0, -1));
  if (tree.isBlock(list)) return withoutLines(tree.text, tree.itemLines(list, index));
  const { from, to } = tree.stretch(item);
  const next = list.items[index + 1] as Node | undefined;
  if (next !== undefined) return { from, to: tree.stretch(next).from, insert: "" };
  return { from: tree.stretch(list.items[index - 1] as Node).to, to, insert: "" };
}

function emptied(tree: TextTree, list: YAMLSeq, path: DocumentPath): TextChange {
  if (!tree.isBlock(list)) return { ...tree.stretch(list), insert: "[]" };
  const owner = tree.at(path.slice(0, -1));
  const member = isMap(owner) ? tree.member(owner, String(path.at(-1))) : null;
  if (member === null) throw gone();
  const colon = tree.text.indexOf(":", tree.stretch(member.key).to);
  return { from: colon + 1, to: tree.itemLines(list, 0).to, insert: " []" };
}

function listAt(tree: TextTree, path: DocumentPath): YAMLSeq {
  const node = tree.at(path);
  if (!isSeq(node)) throw gone();
  return node;
}

function gone(): Error {
  return refusal("This task is not in the text any more.", "Look at the text: somebody may have changed it.");
}
