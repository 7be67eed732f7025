import { isMap, isScalar, isSeq, type Document, type Node } from "yaml";
import type { Problem } from "../problem.ts";
import type { QuickNode } from "./quick-yaml.ts";

/** A stretch of the text: offsets from 0, lines and columns from 1, ends exclusive. */
export type TextRange = {
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
};

export type DocumentPath = readonly (string | number)[];

/** Where things stand in a flow's text. */
export type FlowSource = {
  readonly text: string;
  /**
   * Range of what stands at a path: its value, or the key before it. Where nothing stands there, of the nearest
   * thing around it.
   */
  rangeOf(path: DocumentPath, part?: "value" | "key"): TextRange;
  /** Range between two offsets of the text. */
  between(start: number, end: number): TextRange;
  /**
   * Range of a stretch inside the text value at a path, or of the whole value where the text is not written as it
   * reads (escapes, folded lines).
   */
  rangeWithin(path: DocumentPath, value: string, start: number, end: number): TextRange;
  /** A problem between two offsets of the text, without a path. */
  problemAt(
    rule: string,
    severity: Problem["severity"],
    message: string,
    start: number,
    end: number,
  ): Problem;
};

/** Where the text was read from: the whole parser's document, or what the quick reader found. */
export type SourceTree = { readonly document: Document.Parsed } | { readonly quick: QuickNode } | null;

export function makeSource(text: string, tree: SourceTree): FlowSource {
  let known: number[] | undefined;
  const place = (offset: number): { line: number; column: number } => {
    const starts = (known ??= lineStarts(text));
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
  const between = (start: number, end: number): TextRange => {
    const from = Math.min(Math.max(0, start), text.length);
    const to = Math.min(Math.max(from, end), text.length);
    const first = place(from);
    const last = place(to);
    return { start: from, end: to, ...first, endLine: last.line, endColumn: last.column };
  };
  const trimmedRange = ({ start, end }: Stretch): TextRange => {
    const trimmed = text.slice(start, end).trimEnd().length;
    return between(start, start + trimmed);
  };
  const rangeOf = (path: DocumentPath, part: "value" | "key" = "value"): TextRange => {
    if (tree === null) return trimmedRange({ start: 0, end: 0 });
    const found = "quick" in tree ? findQuick(tree.quick, path) : findIn(tree.document, path);
    if (part === "key" && found.complete && found.key) return trimmedRange(found.key);
    return trimmedRange(found.node ?? found.key ?? { start: 0, end: 0 });
  };
  return {
    text,
    rangeOf,
    between,
    rangeWithin(path, value, start, end) {
      const whole = rangeOf(path);
      const written = text.slice(whole.start, whole.end);
      const wanted = value.slice(start, end);
      const first = written.indexOf(value);
      if (first >= 0) return between(whole.start + first + start, whole.start + first + end);
      const only = wanted.trim() === "" ? -1 : written.indexOf(wanted);
      if (only >= 0 && written.indexOf(wanted, only + 1) < 0) {
        return between(whole.start + only, whole.start + only + wanted.length);
      }
      return whole;
    },
    problemAt(rule, severity, message, start, end) {
      const { line, column, endLine, endColumn } = between(start, end);
      return { rule, severity, message, path: [], line, column, endLine, endColumn };
    },
  };
}

type Stretch = { readonly start: number; readonly end: number };
type Place = { readonly node: Stretch | null; readonly key: Stretch | null; readonly complete: boolean };

function findIn(document: Document.Parsed, path: DocumentPath): Place {
  const { node, key, complete } = find(document.contents, path);
  return { node: stretchOf(node), key: stretchOf(key), complete };
}

function stretchOf(node: Node | null): Stretch | null {
  if (!node) return null;
  const [start, end] = node.range ?? [0, 0];
  return { start, end };
}

function findQuick(root: QuickNode, path: DocumentPath): Place {
  let node: QuickNode = root;
  let key: Stretch | null = null;
  for (const step of path) {
    if (node.pairs) {
      const pair = node.pairs.get(String(step));
      if (!pair) return { node, key, complete: false };
      key = pair;
      node = pair.node;
    } else {
      const item = node.items?.[Number(step)];
      if (!item) return { node, key, complete: false };
      key = null;
      node = item;
    }
  }
  return { node, key, complete: true };
}

type Found = { node: Node | null; key: Node | null; complete: boolean };

function find(root: Node | null, path: DocumentPath): Found {
  let node: Node | null = root;
  let key: Node | null = null;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((one) => isScalar(one.key) && String(one.key.value) === String(step));
      if (!pair) return { node, key, complete: false };
      key = pair.key as Node;
      node = (pair.value as Node | null) ?? null;
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(step)];
      if (item === undefined) return { node, key, complete: false };
      key = null;
      node = item as Node;
    } else {
      return { node, key, complete: false };
    }
  }
  return { node, key, complete: true };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
