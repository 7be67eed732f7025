import type { SchemaStep } from "./schema.ts";

/** Where a place in a text is, as far as its lines tell: the text need not be YAML yet. */
export type Context =
  | {
      readonly kind: "key";
      /** Path of the map that the key stands in. */
      readonly path: readonly SchemaStep[];
      readonly present: readonly string[];
      readonly from: number;
      readonly isInline: boolean;
    }
  | {
      readonly kind: "value";
      readonly path: readonly SchemaStep[];
      readonly present: readonly string[];
      readonly from: number;
      readonly typed: string;
    }
  | {
      readonly kind: "expression";
      readonly path: readonly SchemaStep[];
      readonly from: number;
      readonly typed: string;
    };

type Row = { readonly indent: number; readonly dashes: readonly number[]; readonly key: string | null };

const conditionKeys = new Set(["when", "if", "until", "breakWhen", "success", "result", "idempotencyKey"]);
const keyPattern = /^(?:"([^"]*)"|'([^']*)'|([^\s#:{}[\],"'][^:#{}[\],]*?))\s*:(?=\s|$)/;

function rowOf(line: string): Row | null {
  if (line.trim() === "" || line.trimStart().startsWith("#")) return null;
  let at = line.length - line.trimStart().length;
  const dashes: number[] = [];
  while (line.charAt(at) === "-" && (line.charAt(at + 1) === " " || at + 1 === line.length)) {
    dashes.push(at);
    at += 1;
    while (line.charAt(at) === " ") at += 1;
  }
  const match = keyPattern.exec(line.slice(at));
  return { indent: at, dashes, key: match === null ? null : (match[1] ?? match[2] ?? match[3] ?? "").trim() };
}

/** What may be written at an offset. */
export function contextAt(text: string, offset: number): Context {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  const before = text.slice(start, offset);
  const lines = text.slice(0, start).split("\n").slice(0, -1);
  const row = rowOf(before);
  const indent = row?.indent ?? before.length;
  const dashes = row?.dashes ?? [];
  const outer = outerPath(lines, dashes[0] ?? indent, dashes.length > 0);
  const path = [...outer, ...dashes.map(() => "*")];
  const rest = before.slice(indent);
  const opened = before.lastIndexOf("{{");
  if (opened >= 0 && before.indexOf("}}", opened) < 0) {
    const typed = /[\w.]*$/.exec(before)?.[0] ?? "";
    return {
      kind: "expression",
      path: row?.key == null ? path : [...path, row.key],
      from: offset - typed.length,
      typed,
    };
  }
  const key = row?.key ?? null;
  const present = dashes.length > 0 ? following(text, start, indent) : siblings(text, start, indent);
  if (key !== null) {
    const value = rest.replace(keyPattern, "").trimStart();
    const inside = insideBrackets(value, [...path, key], offset);
    if (inside !== null) return inside;
    if (conditionKeys.has(key)) {
      const typed = /[\w.]*$/.exec(value)?.[0] ?? "";
      return { kind: "expression", path: [...path, key], from: offset - typed.length, typed };
    }
    return { kind: "value", path: [...path, key], present, from: offset - value.length, typed: value };
  }
  const inside = insideBrackets(rest, path, offset);
  if (inside !== null) return inside;
  const typed = /[\w.-]*$/.exec(rest)?.[0] ?? "";
  if (dashes.length > 0 && !rest.includes(":")) {
    return { kind: "key", path, present, from: offset - typed.length, isInline: false };
  }
  return { kind: "key", path, present, from: offset - typed.length, isInline: false };
}

/** Keys that hold the lines around, from the flow itself inwards. */
function outerPath(lines: readonly string[], indent: number, isDash: boolean): SchemaStep[] {
  const path: SchemaStep[] = [];
  let limit = indent;
  let dash = isDash;
  for (let index = lines.length - 1; index >= 0 && (limit > 0 || dash); index -= 1) {
    const row = rowOf(lines[index] ?? "");
    if (row === null) continue;
    const holds = dash ? row.indent <= limit : row.indent < limit;
    if (holds && row.key !== null) {
      path.unshift(row.key);
      limit = row.indent;
      dash = false;
    }
    const outermost = row.dashes[0];
    if (outermost !== undefined && outermost < limit) {
      for (const one of row.dashes.toReversed()) {
        if (one < limit) path.unshift("*");
      }
      limit = outermost;
      dash = true;
    }
  }
  return path;
}

/** Keys of the map that a line belongs to. */
function siblings(text: string, lineStart: number, indent: number): string[] {
  const found: string[] = [];
  const lines = text.slice(0, lineStart).split("\n").slice(0, -1);
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    const row = rowOf(lines[index] ?? "");
    if (row === null) continue;
    if (row.indent < indent) break;
    if (row.indent === indent) {
      if (row.key !== null) found.push(row.key);
      if (row.dashes.length > 0) break;
    }
  }
  return [...found, ...following(text, lineStart, indent)];
}

function following(text: string, lineStart: number, indent: number): string[] {
  const found: string[] = [];
  const after = text.slice(lineStart).split("\n").slice(1);
  for (const line of after) {
    const row = rowOf(line);
    if (row === null) continue;
    if (row.indent < indent || (row.dashes[0] ?? indent) < indent) break;
    if (row.indent === indent && row.dashes.length === 0 && row.key !== null) found.push(row.key);
  }
  return found;
}

/** Inside of `{ … }` or `[ … ]` on one line. Null where none is open. */
function insideBrackets(value: string, path: readonly SchemaStep[], offset: number): Context | null {
  type Open = { path: SchemaStep[]; isMap: boolean; key: string | null; present: string[]; since: number };
  const open: Open[] = [];
  let quote = "";
  for (let at = 0; at < value.length; at += 1) {
    const sign = value.charAt(at);
    const top = open.at(-1);
    if (quote !== "") {
      if (sign === quote) quote = "";
    } else if (sign === '"' || sign === "'") quote = sign;
    else if (sign === "{" || sign === "[") {
      const base = top === undefined ? [...path] : [...top.path, ...(top.isMap ? [top.key ?? ""] : [])];
      const isMap = sign === "{";
      open.push({ path: isMap ? base : [...base, "*"], isMap, key: null, present: [], since: at + 1 });
    } else if (sign === "}" || sign === "]") open.pop();
    else if (sign === "," && top !== undefined) {
      top.key = null;
      top.since = at + 1;
    } else if (sign === ":" && top?.isMap === true && top.key === null) {
      top.key = value.slice(top.since, at).trim();
      top.present.push(top.key);
      top.since = at + 1;
    }
  }
  const top = open.at(-1);
  if (top === undefined) return null;
  const typed = value.slice(top.since).trimStart();
  if (top.isMap && top.key === null) {
    return { kind: "key", path: top.path, present: top.present, from: offset - typed.length, isInline: true };
  }
  const place = top.isMap ? [...top.path, top.key ?? ""] : top.path;
  return { kind: "value", path: place, present: top.present, from: offset - typed.length, typed };
}
