import { isScalar, Scalar, type Node } from "yaml";
import type { DocumentPath } from "../language/source.ts";
import { idPattern, longestName } from "../language/names.ts";
import { parseFlow, type ParsedFlow } from "../language/parse.ts";
import { allReferences } from "../validate/facts.ts";
import { survey } from "../validate/survey.ts";
import { refusal, type TextChange } from "./change.ts";
import { TextTree, type Stretch } from "./tree.ts";
import { scalar } from "./write.ts";

/** Gives a task another id, and says it wherever the flow refers to it. */
export function renameTask(text: string, task: DocumentPath, id: string): TextChange[] {
  if (!idPattern.test(id) || id.length > longestName) {
    throw refusal(
      `"${id}" can't be the id of a task.`,
      `An id starts with a letter and holds only letters, digits and "_", ${longestName} at most.`,
    );
  }
  const parsed = parseFlow(text);
  const tree = new TextTree(text);
  const before = idAt(tree, task);
  if (before === id) return [];
  if (idsIn(parsed).has(id)) throw refusal(`Another task has the id "${id}" already.`, "Choose another id.");
  return renamed(tree, parsed, new Map([[before, id]]), null, [[...task, "id"]]);
}

/** What turns the ids within a stretch of the text into ones that are free, and the references there to them. */
export function freshIds(text: string, task: DocumentPath, stretch: Stretch): TextChange[] {
  const parsed = parseFlow(text);
  const tree = new TextTree(text);
  const used = idsIn(parsed);
  const names = new Map<string, string>();
  const places: DocumentPath[] = [];
  const visit = (value: unknown, path: DocumentPath): void => {
    if (Array.isArray(value)) value.forEach((item: unknown, index) => visit(item, [...path, index]));
    else if (typeof value === "object" && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        // An `id` of something else, such as an argument, is no task's: those of tasks are known.
        if (key === "id" && typeof item === "string" && used.has(item) && isTaskAt(path)) {
          const fresh = freeId(item, used);
          used.add(fresh);
          names.set(item, fresh);
          places.push([...path, "id"]);
        } else visit(item, [...path, key]);
      }
    }
  };
  const listKeys = new Set([
    "tasks",
    "errors",
    "finally",
    "then",
    "else",
    "default",
    "parallel",
    "sequence",
    "dag",
  ]);
  const isTaskAt = (path: DocumentPath): boolean => {
    if (typeof path.at(-1) !== "number") return false;
    return listKeys.has(String(path.at(-2))) || path.at(-3) === "cases";
  };
  visit((tree.at(task) as Node | null)?.toJSON(), task);
  return renamed(tree, parsed, names, stretch, places);
}

/** `name`, or with the first number behind it that makes it free. */
export function freeId(name: string, used: ReadonlySet<string>): string {
  if (!used.has(name)) return name;
  const stem = name.replace(/_?\d+$/, "") || name;
  for (let n = 2; ; n += 1) {
    const candidate = `${stem}_${n}`;
    if (!used.has(candidate)) return candidate;
  }
}

/** Ids of all tasks of a text, broken ones included. */
export function idsIn(parsed: ParsedFlow): Set<string> {
  const ids = new Set(parsed.broken.flatMap((one) => one.ids));
  for (const task of parsed.paths.keys()) ids.add(task.id);
  return ids;
}

function idAt(tree: TextTree, task: DocumentPath): string {
  const node = tree.at([...task, "id"]);
  if (!isScalar(node) || typeof node.value !== "string") {
    throw refusal("This task has no id that can be changed.", "Write one into the text.");
  }
  return node.value;
}

function renamed(
  tree: TextTree,
  parsed: ParsedFlow,
  names: ReadonlyMap<string, string>,
  within: Stretch | null,
  ids: readonly DocumentPath[],
): TextChange[] {
  const changes = new Map<string, TextChange>();
  const add = (change: TextChange): void => {
    if (within !== null && (change.from < within.from || change.to > within.to)) return;
    changes.set(`${change.from} ${change.to}`, change);
  };
  const rewrite = (path: DocumentPath, change: (value: string) => string): void => {
    const node = tree.at(path);
    if (!isScalar(node) || typeof node.value !== "string") return;
    add({ ...tree.stretch(node), insert: scalar(change(node.value), node.type ?? Scalar.PLAIN) });
  };
  for (const path of ids) rewrite(path, (value) => names.get(value) ?? value);
  if (parsed.flow === null) return [...changes.values()];
  const surveyed = survey(parsed, parsed.flow);
  for (const one of surveyed.tasks) {
    if (one.task.needs.length === 0) continue;
    const place = [...one.path, "needs"];
    const paths = isScalar(tree.at(place)) ? [place] : one.task.needs.map((_, index) => [...place, index]);
    for (const path of paths) {
      const node = tree.at(path);
      const fresh = isScalar(node) ? names.get(String(node.value)) : undefined;
      if (fresh !== undefined) rewrite(path, () => fresh);
    }
  }
  // What is not written as it reads (escapes, folded lines) is written anew as a whole, once for all that stands in it.
  const whole = new Map<string, { path: DocumentPath; edits: { from: string; to: string }[] }>();
  for (const { expression, reference } of allReferences(surveyed)) {
    const [root, name] = reference.names;
    const place = reference.places[1];
    const fresh = root === "tasks" && name !== undefined ? names.get(name) : undefined;
    if (fresh === undefined || name === undefined || place === undefined) continue;
    const start = expression.offset + place.start;
    const range = parsed.source.rangeWithin(
      expression.path,
      expression.within,
      start,
      expression.offset + place.end,
    );
    const written = tree.text.slice(range.start, range.end);
    const bare = written.replaceAll(/^["']|["']$/g, "");
    if (bare === name) {
      const quote = written === name ? "" : written.charAt(0);
      add({ from: range.start, to: range.end, insert: `${quote}${fresh}${quote}` });
      continue;
    }
    const key = JSON.stringify(expression.path);
    const known = whole.get(key) ?? { path: expression.path, edits: [] };
    known.edits.push({ from: name, to: fresh });
    whole.set(key, known);
  }
  for (const { path, edits } of whole.values()) {
    rewrite(path, (value) =>
      edits.reduce(
        (text, { from, to }) =>
          text.replaceAll(
            new RegExp(`(\\btasks\\s*(?:\\.\\??\\s*|\\[\\??\\s*["']))${from}\\b`, "g"),
            `$1${to}`,
          ),
        value,
      ),
    );
  }
  return [...changes.values()];
}
