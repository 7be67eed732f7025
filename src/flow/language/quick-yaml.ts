/**
 * Reads the YAML that flows are mostly written in, many times faster than a parser of all of YAML: block maps and
 * lists, values on one line, flow collections, literal texts. Whatever it is not sure of (anchors, tags, tabs, folded
 * or many-lined scalars, doubled keys, odd numbers, anything wrong) it leaves to that parser: it answers undefined. So
 * it never finds a problem, and what it does read, it reads as that parser would.
 */
export type QuickNode = {
  readonly start: number;
  readonly end: number;
  readonly value: unknown;
  /** Of a map: its keys with their places and values, in order. */
  readonly pairs?: ReadonlyMap<
    string,
    { readonly start: number; readonly end: number; readonly node: QuickNode }
  >;
  /** Of a list. */
  readonly items?: readonly QuickNode[];
};

class Unsure extends Error {}

export function readQuickly(text: string, limits: { depth: number; nodes: number }): QuickNode | undefined {
  // eslint-disable-next-line no-control-regex
  if (
    /[^\n\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe]/.test(
      text.replaceAll(/[\ud800-\udbff][\udc00-\udfff]/g, ""),
    )
  ) {
    return undefined;
  }
  try {
    return new QuickReader(text, limits).document();
  } catch (error) {
    if (error instanceof Unsure) return undefined;
    throw error;
  }
}

const simpleNumber = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?$/;
const anyNumber =
  /^[-+]?(?:0o[0-7]+|0x[0-9a-fA-F]+|(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF))$|^\.(?:nan|NaN|NAN)$/;
/** What a plain scalar may not begin with here; `-`, `?` and `:` are looked at apart. */
const indicators = new Set([..."[]{},#&*!|>'\"%@`?:"]);
const key = /(?:([A-Za-z_][\w./$-]*(?: [\w./$]+)*)|"([^"\\\n]*)"|'([^'\n]*)') *:(?= |\n|$)/y;
const jsonString = /"(?:[^"\\\n]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y;
const singleQuoted = /'(?:[^'\n]|'')*'/y;

class QuickReader {
  readonly #text: string;
  readonly #limits: { depth: number; nodes: number };
  #at = 0;
  #nodes = 0;

  constructor(text: string, limits: { depth: number; nodes: number }) {
    this.#text = text;
    this.#limits = limits;
  }

  document(): QuickNode {
    if (/^(?:---|\.\.\.|%)/m.test(this.#text)) throw new Unsure();
    const indent = this.#nextLine();
    if (indent !== 0) throw new Unsure();
    const node = this.#block(0, 0);
    if (this.#nextLine() >= 0) throw new Unsure();
    return node;
  }

  #node(depth: number): void {
    this.#nodes += 1;
    if (depth > this.#limits.depth || this.#nodes > this.#limits.nodes) throw new Unsure();
  }

  /** Goes to the first sign of the next line that holds something, from a line's start; answers its column, -1 at the end. */
  #nextLine(): number {
    const text = this.#text;
    for (;;) {
      let at = this.#at;
      while (text.charCodeAt(at) === 32) at += 1;
      if (at >= text.length) {
        this.#at = text.length;
        return -1;
      }
      const sign = text.charCodeAt(at);
      if (sign === 10) this.#at = at + 1;
      else if (sign === 35) {
        const end = text.indexOf("\n", at);
        this.#at = end < 0 ? text.length : end + 1;
      } else {
        const column = at - this.#at;
        this.#at = at;
        return column;
      }
    }
  }

  /** Looks at the next line without going there: its column, and where its first sign is. */
  #peekLine(): { column: number; at: number } {
    const before = this.#at;
    const column = this.#nextLine();
    const at = this.#at;
    this.#at = before;
    return { column, at };
  }

  #isItem(at: number): boolean {
    if (this.#text.charCodeAt(at) !== 45) return false;
    const next = this.#text.charCodeAt(at + 1);
    return next === 32 || next === 10 || Number.isNaN(next);
  }

  /** A map or list whose first entry begins here, at this column. */
  #block(column: number, depth: number): QuickNode {
    return this.#isItem(this.#at) ? this.#list(column, depth) : this.#map(column, depth);
  }

  #list(column: number, depth: number): QuickNode {
    this.#node(depth);
    const start = this.#at;
    const items: QuickNode[] = [];
    for (;;) {
      const dash = this.#at;
      this.#at = dash + 1;
      const spaces = this.#spaces();
      if (this.#isLineEnd()) {
        items.push(this.#below(column, dash + 1, depth + 1, false));
      } else {
        const inner = column + 1 + spaces;
        if (this.#isItem(this.#at)) throw new Unsure();
        key.lastIndex = this.#at;
        items.push(key.test(this.#text) ? this.#map(inner, depth + 1) : this.#inline(column, depth + 1));
      }
      const next = this.#peekLine();
      if (next.column !== column || !this.#isItem(next.at)) {
        if (next.column > column) throw new Unsure();
        break;
      }
      this.#at = next.at;
    }
    const end = items.at(-1)?.end ?? start;
    return { start, end, value: items.map((item) => item.value), items };
  }

  #map(column: number, depth: number): QuickNode {
    this.#node(depth);
    const start = this.#at;
    const value: Record<string, unknown> = {};
    const pairs = new Map<string, { start: number; end: number; node: QuickNode }>();
    let last = start;
    for (;;) {
      const { name, from, to } = this.#key();
      if (pairs.has(name)) throw new Unsure();
      const colon = this.#at;
      this.#spaces();
      const node = this.#isLineEnd()
        ? this.#below(column, colon, depth + 1, true)
        : this.#inline(column, depth + 1);
      pairs.set(name, { start: from, end: to, node });
      value[name] = node.value;
      last = node.end;
      const next = this.#peekLine();
      if (next.column !== column) {
        if (next.column > column) throw new Unsure();
        break;
      }
      if (this.#isItem(next.at)) break;
      this.#at = next.at;
    }
    return { start, end: last, value, pairs };
  }

  /** A key and its colon; what follows is a space, or the end of the line. */
  #key(): { name: string; from: number; to: number } {
    key.lastIndex = this.#at;
    const found = key.exec(this.#text);
    if (!found) throw new Unsure();
    const [whole, plain, double, single] = found;
    const name = plain ?? double ?? single ?? "";
    if (name === "__proto__" || (plain !== undefined && /^(?:true|false|null)$/i.test(plain)))
      throw new Unsure();
    const from = this.#at;
    const written = plain === undefined ? name.length + 2 : name.length;
    this.#at = from + whole.length;
    return { name, from, to: from + written };
  }

  #spaces(): number {
    const from = this.#at;
    while (this.#text.charCodeAt(this.#at) === 32) this.#at += 1;
    return this.#at - from;
  }

  /** Whether nothing but a comment stands here before the line's end; then it is gone past. */
  #isLineEnd(): boolean {
    const sign = this.#text.charCodeAt(this.#at);
    if (sign === 35 && this.#text.charCodeAt(this.#at - 1) === 32) {
      const end = this.#text.indexOf("\n", this.#at);
      this.#at = end < 0 ? this.#text.length : end + 1;
      return true;
    }
    if (sign === 10) this.#at += 1;
    return sign === 10 || Number.isNaN(sign);
  }

  /** What stands on the lines below a key or dash; nothing, where they are not further in. */
  #below(column: number, after: number, depth: number, ofMap: boolean): QuickNode {
    const next = this.#peekLine();
    const isOwn = next.column > column || (ofMap && next.column === column && this.#isItem(next.at));
    if (!isOwn) {
      this.#node(depth);
      return { start: after, end: after, value: null };
    }
    this.#at = next.at;
    if (!this.#isItem(next.at)) {
      key.lastIndex = next.at;
      if (!key.test(this.#text)) throw new Unsure();
    }
    return this.#block(next.column, depth);
  }

  /** A value that begins on this line; the lines of what holds it begin at `column`. */
  #inline(column: number, depth: number): QuickNode {
    const sign = this.#text.charAt(this.#at);
    if (sign === "|") return this.#literal(column, depth);
    const node =
      sign === "[" || sign === "{"
        ? this.#flow(column, depth)
        : sign === '"' || sign === "'"
          ? this.#quoted(depth)
          : this.#plain(depth);
    this.#spaces();
    if (!this.#isLineEnd()) throw new Unsure();
    if (this.#peekLine().column > column) throw new Unsure();
    return node;
  }

  #plain(depth: number): QuickNode {
    this.#node(depth);
    const start = this.#at;
    const lineEnd = this.#text.indexOf("\n", start);
    let line = this.#text.slice(start, lineEnd < 0 ? undefined : lineEnd);
    const comment = line.indexOf(" #");
    if (comment >= 0) line = line.slice(0, comment);
    line = line.trimEnd();
    if (line.includes(": ") || line.endsWith(":") || line === "") throw new Unsure();
    this.#at = start + line.length;
    return { start, end: this.#at, value: plainValue(line) };
  }

  #quoted(depth: number): QuickNode {
    this.#node(depth);
    const start = this.#at;
    const isDouble = this.#text.charAt(start) === '"';
    const pattern = isDouble ? jsonString : singleQuoted;
    pattern.lastIndex = start;
    const [written] = pattern.exec(this.#text) ?? [];
    if (written === undefined) throw new Unsure();
    this.#at = start + written.length;
    const value = isDouble ? (JSON.parse(written) as string) : written.slice(1, -1).replaceAll("''", "'");
    return { start, end: this.#at, value };
  }

  #literal(column: number, depth: number): QuickNode {
    this.#node(depth);
    const text = this.#text;
    const start = this.#at;
    const header = /\|([+-]?) *(?:\n|$)/y;
    header.lastIndex = start;
    const found = header.exec(text);
    if (!found) throw new Unsure();
    this.#at = start + found[0].length;
    const lines: string[] = [];
    let indent = -1;
    let end = start + 1;
    while (this.#at < text.length) {
      const stop = text.indexOf("\n", this.#at);
      const lineEnd = stop < 0 ? text.length : stop;
      const line = text.slice(this.#at, lineEnd);
      const spaces = line.length - line.trimStart().length;
      const blank = spaces === line.length;
      if (!blank && indent < 0) indent = spaces;
      // Lines of spaces alone before the first words, or longer than the indent, have rules of their own.
      if (blank && line.length > 0) throw new Unsure();
      if (!blank && spaces <= column) break;
      if (!blank && spaces < indent) throw new Unsure();
      lines.push(blank ? "" : line.slice(indent));
      if (!blank) end = lineEnd;
      this.#at = Math.min(text.length, lineEnd + 1);
    }
    if (indent < 0 || indent <= column) throw new Unsure();
    while (lines.at(-1) === "") {
      if (found[1] === "+") throw new Unsure();
      lines.pop();
    }
    return { start, end, value: lines.join("\n") + (found[1] === "-" ? "" : "\n") };
  }

  /** A flow collection; its further lines are further in than `column`. */
  #flow(column: number, depth: number): QuickNode {
    return this.#text.charAt(this.#at) === "[" ? this.#flowList(column, depth) : this.#flowMap(column, depth);
  }

  /** Goes to the next sign within brackets. */
  #gap(column: number): string {
    for (;;) {
      this.#spaces();
      if (this.#text.charCodeAt(this.#at) !== 10) break;
      this.#at += 1;
      const from = this.#at;
      this.#spaces();
      const next = this.#text.charCodeAt(this.#at);
      if (next !== 10 && this.#at - from <= column) throw new Unsure();
    }
    return this.#text.charAt(this.#at);
  }

  #flowList(column: number, depth: number): QuickNode {
    this.#node(depth);
    const start = this.#at;
    const items: QuickNode[] = [];
    this.#at += 1;
    let sign = this.#gap(column);
    while (sign !== "]") {
      items.push(this.#flowValue(column, depth + 1));
      sign = this.#separator(column, "]");
    }
    this.#at += 1;
    return { start, end: this.#at, value: items.map((item) => item.value), items };
  }

  #flowMap(column: number, depth: number): QuickNode {
    this.#node(depth);
    const start = this.#at;
    const value: Record<string, unknown> = {};
    const pairs = new Map<string, { start: number; end: number; node: QuickNode }>();
    this.#at += 1;
    let sign = this.#gap(column);
    while (sign !== "}") {
      const { name, from, to } = this.#key();
      if (pairs.has(name)) throw new Unsure();
      if (this.#text.charCodeAt(this.#at) !== 32) throw new Unsure();
      const line = this.#text.indexOf("\n", from);
      this.#gap(column);
      // A key and its value stand on one line.
      if (line >= 0 && this.#at > line) throw new Unsure();
      const node = this.#flowValue(column, depth + 1);
      pairs.set(name, { start: from, end: to, node });
      value[name] = node.value;
      sign = this.#separator(column, "}");
    }
    this.#at += 1;
    return { start, end: this.#at, value, pairs };
  }

  /** Past a comma to what follows it, or to the closing bracket. */
  #separator(column: number, close: "]" | "}"): string {
    const sign = this.#gap(column);
    if (sign === close) return sign;
    if (sign !== ",") throw new Unsure();
    this.#at += 1;
    const next = this.#gap(column);
    if (next === close || next === ",") throw new Unsure();
    return next;
  }

  #flowValue(column: number, depth: number): QuickNode {
    const sign = this.#text.charAt(this.#at);
    if (sign === "[" || sign === "{") return this.#flow(column, depth);
    if (sign === '"' || sign === "'") {
      const node = this.#quoted(depth);
      // A colon right behind it would make it a key.
      this.#spaces();
      if (this.#text.charAt(this.#at) === ":") throw new Unsure();
      return node;
    }
    this.#node(depth);
    const start = this.#at;
    const scalar = /[^,[\]{}\n]+/y;
    scalar.lastIndex = start;
    const [found = ""] = scalar.exec(this.#text) ?? [];
    const text = found.trimEnd();
    if (text === "" || / #|:(?: |$)/.test(text)) throw new Unsure();
    this.#at = start + text.length;
    return { start, end: this.#at, value: plainValue(text) };
  }
}

/** The value of a plain scalar by YAML's core schema. */
function plainValue(text: string): unknown {
  const first = text.charAt(0);
  if (indicators.has(first) || (first === "-" && (text.length === 1 || text.charAt(1) === " ")))
    throw new Unsure();
  if ((first >= "0" && first <= "9") || first === "-" || first === "+" || first === ".") {
    if (simpleNumber.test(text)) return Number(text);
    if (anyNumber.test(text)) throw new Unsure();
    return text;
  }
  switch (text) {
    case "true":
    case "True":
    case "TRUE":
      return true;
    case "false":
    case "False":
    case "FALSE":
      return false;
    case "null":
    case "Null":
    case "NULL":
    case "~":
      return null;
    default:
      return text;
  }
}
