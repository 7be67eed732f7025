import { isMap, isScalar, type Node, type YAMLMap } from "yaml";
import { isObject, type Json } from "#base/index.ts";
import type { DocumentPath } from "../language/source.ts";
import { refusal, type TextChange } from "./change.ts";
import { TextTree, withoutLines, type Member, type Stretch } from "./tree.ts";
import { afterColon, inline, scalar } from "./write.ts";

/**
 * Gives what stands at a path another value; undefined takes it away, and with it what would be left empty around it
 * below `keep` steps. Maps on the way that are not there are made.
 */
export function setField(
  text: string,
  path: DocumentPath,
  value: Json | undefined,
  keep = path.length,
): TextChange[] {
  const tree = new TextTree(text);
  const node = tree.at(path);
  if (value === undefined) return takeAway(tree, path, keep);
  if (node !== null) return [replaced(tree, path, node, value)];
  // The nearest map that is there takes the rest of the path as nested maps.
  let depth = path.length - 1;
  while (depth > 0 && !isMap(tree.at(path.slice(0, depth)))) {
    const there = tree.at(path.slice(0, depth));
    if (there !== null && !(isScalar(there) && there.value === null)) {
      throw refusal(
        `"${path.slice(0, depth).join(".")}" is written in a short form.`,
        "Write it out as a map in the text, then try again.",
      );
    }
    depth -= 1;
  }
  const rest = path.slice(depth + 1).toReversed();
  const nested = rest.reduce<Json>((inner, step) => ({ [String(step)]: inner }), value);
  const name = String(path[depth]);
  const owner = tree.at(path.slice(0, depth));
  if (!isMap(owner))
    throw refusal("There is nothing to put it into.", "Look at the text: it may have changed.");
  const member = tree.member(owner, name);
  if (member !== null) {
    const there = member.value;
    return [
      there === null
        ? afterKey(tree, owner, member, nested)
        : replaced(tree, [...path.slice(0, depth), name], there, nested),
    ];
  }
  return [added(tree, owner, name, nested)];
}

function replaced(tree: TextTree, path: DocumentPath, node: Node, value: Json): TextChange {
  const stretch = tree.stretch(node);
  const owner = tree.at(path.slice(0, -1));
  const isSimple = typeof value !== "object" || value === null;
  if (isSimple && isScalar(node) && node.type !== "BLOCK_LITERAL" && node.type !== "BLOCK_FOLDED") {
    const isLine = typeof value !== "string" || !value.includes("\n");
    if (isMap(owner) && tree.isBlock(owner) && !isLine) {
      const member = tree.member(owner, String(path.at(-1)));
      if (member !== null) return afterKey(tree, owner, member, value);
    }
    const text = isMap(owner) && tree.isBlock(owner) ? scalar(value, node.type) : inline(value);
    return { ...stretch, insert: gapBefore(tree, stretch) + text };
  }
  if (isMap(owner) && tree.isBlock(owner)) {
    const member = tree.member(owner, String(path.at(-1)));
    if (member !== null) return afterKey(tree, owner, member, value);
  }
  const to = tree.isBlock(node) ? tree.endOf(node, stretch.from) : stretch.to;
  return { from: stretch.from, to, insert: gapBefore(tree, stretch) + inline(value) };
}

/** Where nothing is written after a colon, what comes there needs a space. */
function gapBefore(tree: TextTree, { from, to }: Stretch): string {
  return from === to && tree.text.charAt(from - 1) === ":" ? " " : "";
}

/** Everything behind a key of a map in block form is written anew. */
function afterKey(tree: TextTree, owner: YAMLMap, member: Member, value: Json): TextChange {
  const colon = tree.text.indexOf(":", tree.stretch(member.key).to);
  const column = tree.column(tree.stretch(member.key).from);
  if (!tree.isBlock(owner)) {
    const to = member.value === null ? colon + 1 : tree.stretch(member.value).to;
    return { from: colon + 1, to, insert: ` ${inline(value)}` };
  }
  const { value: node } = member;
  const isLined =
    node !== null && (tree.isBlock(node) || (isScalar(node) && tree.source(node).endsWith("\n")));
  const to = node === null ? colon + 1 : isLined ? tree.endOf(node, colon + 1) : tree.stretch(node).to;
  return { from: colon + 1, to, insert: afterColon(value, column + 2) };
}

/** A new member: before the first one that holds tasks, so that short things stay together on top. */
function added(tree: TextTree, owner: YAMLMap, name: string, value: Json): TextChange {
  const members = tree.members(owner);
  const [first] = members;
  if (!tree.isBlock(owner) || first === undefined) {
    const { from, to } = tree.stretch(owner);
    if (first === undefined) return { from, to, insert: `{ ${name}: ${inline(value)} }` };
    const end = tree.text.slice(0, to - 1).trimEnd().length;
    const gap = tree.text.slice(end, to - 1);
    const comma = tree.text.charAt(end - 1) === "," ? " " : ", ";
    return { from: end, to: end, insert: `${comma}${name}: ${inline(value)}${gap === "" ? "" : ""}` };
  }
  const column = tree.column(tree.stretch(first.key).from);
  const index = members.findIndex(({ value: below }, at) => at > 0 && holdsTasks(below));
  const before = (index < 0 ? members.at(-1) : members[index - 1]) ?? first;
  const end = tree.endOf(before.value, tree.stretch(before.key).to + 1);
  const insert = `\n${" ".repeat(column)}${scalar(name)}:${afterColon(value, column + 2)}`;
  return { from: end, to: end, insert };
}

function holdsTasks(node: Node | null): boolean {
  const value: unknown = node?.toJSON();
  const lists = isObject(value) ? Object.values(value) : [value];
  return lists.some((list) => Array.isArray(list) && list.some((item) => isObject(item) && "id" in item));
}

function takeAway(tree: TextTree, path: DocumentPath, keep: number): TextChange[] {
  const owner = tree.at(path.slice(0, -1));
  if (!isMap(owner)) return [];
  const members = tree.members(owner);
  const index = members.findIndex((one) => one.name === String(path.at(-1)));
  const member = members[index];
  if (member === undefined) return [];
  if (members.length === 1) {
    if (path.length - 1 > keep) return takeAway(tree, path.slice(0, -1), keep);
    const { from } = tree.stretch(member.key);
    if (tree.isBlock(owner)) return [{ from, to: tree.endOf(member.value, from), insert: "{}" }];
    return [{ ...tree.stretch(owner), insert: "{}" }];
  }
  const { from } = tree.stretch(member.key);
  const next = members[index + 1];
  if (!tree.isBlock(owner)) {
    if (next !== undefined) return [{ from, to: tree.stretch(next.key).from, insert: "" }];
    const previous = members[index - 1];
    const end = previous?.value === null || previous === undefined ? from : tree.stretch(previous.value).to;
    const to = member.value === null ? tree.text.indexOf(":", from) + 1 : tree.stretch(member.value).to;
    return [{ from: end, to, insert: "" }];
  }
  // The first one stands behind a dash, whose line the next one takes over.
  if (index === 0 && next !== undefined && tree.text.slice(tree.lineStart(from), from).trim() !== "") {
    return [{ from, to: tree.stretch(next.key).from, insert: "" }];
  }
  return [
    withoutLines(tree.text, {
      from: tree.lineStart(from),
      to: tree.endOf(member.value, tree.stretch(member.key).to + 1),
    }),
  ];
}
