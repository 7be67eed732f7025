import {
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type Document,
  type Node,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import type { DocumentPath } from "../language/source.ts";
import { refusal, type TextChange } from "./change.ts";

/** A stretch of the text. */
export type Stretch = { readonly from: number; readonly to: number };

/** A member of a map with its places. `value` is null where nothing is written after the colon. */
export type Member = {
  readonly name: string;
  readonly key: Node;
  readonly value: Node | null;
};

/**
 * A text as a tree whose nodes know where they stand, for changing single places of it. Only for texts that are YAML;
 * opening another one throws "conflict".
 */
export class TextTree {
  readonly text: string;
  readonly #document: Document.Parsed;

  constructor(text: string) {
    this.text = text;
    this.#document = parseDocument(text, {
      keepSourceTokens: true,
      prettyErrors: false,
      stringKeys: true,
      schema: "core",
      version: "1.2",
      logLevel: "error",
    });
    if (this.#document.errors.length > 0) {
      throw refusal("The text is not YAML right now.", "Correct the marked places first.");
    }
  }

  get root(): Node | null {
    return this.#document.contents;
  }

  /** The node at a path; null where nothing stands. */
  at(path: DocumentPath): Node | null {
    let node: Node | null = this.root;
    for (const step of path) {
      if (isMap(node)) node = this.member(node, String(step))?.value ?? null;
      else if (isSeq(node)) node = (node.items[Number(step)] as Node | undefined) ?? null;
      else return null;
    }
    return node;
  }

  member(map: YAMLMap, name: string): Member | null {
    return this.members(map).find((one) => one.name === name) ?? null;
  }

  members(map: YAMLMap): Member[] {
    return map.items.map((pair) => ({
      name: isScalar(pair.key) ? String(pair.key.value) : String(pair.key),
      key: pair.key as Node,
      value: (pair.value as Node | null) ?? null,
    }));
  }

  /** What is written of a node, without what merely follows it. */
  stretch(node: Node): Stretch {
    const [from, to] = node.range ?? [0, 0];
    return { from, to };
  }

  source(node: Node): string {
    const { from, to } = this.stretch(node);
    return this.text.slice(from, to);
  }

  /** Offset of the line that holds an offset. */
  lineStart(offset: number): number {
    return this.text.lastIndexOf("\n", offset - 1) + 1;
  }

  /** Offset of the line's end, before its newline. */
  lineEnd(offset: number): number {
    const end = this.text.indexOf("\n", offset);
    return end < 0 ? this.text.length : end;
  }

  column(offset: number): number {
    return offset - this.lineStart(offset);
  }

  /** Offsets of the dashes of a list in block form. */
  dashes(list: YAMLSeq): number[] {
    const token = list.srcToken;
    if (token?.type !== "block-seq") return [];
    return token.items.flatMap((item) =>
      item.start.flatMap((part) => (part.type === "seq-item-ind" ? [part.offset] : [])),
    );
  }

  /**
   * The whole lines of an item of a list in block form, with the comments right above it, and without the newline at
   * the end.
   */
  itemLines(list: YAMLSeq, index: number): Stretch {
    const dash = this.dashes(list)[index];
    if (dash === undefined) throw refusal("There is no such task.", "Look at the text: it may have changed.");
    const column = this.column(dash);
    let from = this.lineStart(dash);
    if (this.text.slice(from, dash).trim() !== "") {
      throw refusal(
        "This list begins in the line of what holds it.",
        "Begin it in a line of its own, then try again.",
      );
    }
    for (let above = from; above > 0;) {
      const start = this.lineStart(above - 1);
      const line = this.text.slice(start, above - 1);
      if (!line.trimStart().startsWith("#") || line.length - line.trimStart().length !== column) break;
      from = start;
      above = start;
    }
    return { from, to: this.endOf((list.items[index] as Node | undefined) ?? null, dash + 1) };
  }

  /** Where the last line of a node ends; of nothing, the line of `from`. */
  endOf(node: Node | null, from: number): number {
    const to = node === null ? from : Math.max(this.stretch(node).to, from);
    // Texts of many lines end behind their last newline.
    if (to > 0 && this.text.charAt(to - 1) === "\n") return Math.max(to - 1, from);
    return this.lineEnd(to);
  }

  isBlock(node: Node): boolean {
    return (isMap(node) || isSeq(node)) && node.flow !== true;
  }
}

/** Removes a whole line stretch with one of the newlines around it. */
export function withoutLines(text: string, { from, to }: Stretch): TextChange {
  if (text.charAt(to) === "\n") return { from, to: to + 1, insert: "" };
  return { from: Math.max(0, from - 1), to, insert: "" };
}
