import { isSeq, Lexer, parseDocument, visit, type Document } from "yaml";
import type { BatonError } from "#base/index.ts";
import { parseFlow } from "../language/parse.ts";
import { canonicalJson } from "../values/canonical.ts";
import { applyChanges, refusal, type TextChange } from "./change.ts";

const mostRounds = 4;
/** What the lexer puts before the text of a value. */
const startOfScalar = "\u001f";

/**
 * A text with its layout put in order: two spaces a level, lists one level below their key, one space where there were several, no blanks at the
 * ends of lines, at most one blank line in a row. Values, the order of keys, quotes and comments stay as they are. What it answers is
 * in order already. Fails with "conflict" for a text that is no YAML, and where the layout can't be changed without changing more.
 */
export function formatFlow(text: string): string {
  if (text.trim() === "") return text;
  const before = read(text);
  let formatted = text;
  for (let round = 0; ; round += 1) {
    const next = laidOut(formatted);
    if (next === formatted) break;
    if (round === mostRounds) throw unsafe();
    formatted = next;
  }
  const after = read(formatted);
  const isSame =
    canonicalJson(before.toJS()) === canonicalJson(after.toJS()) &&
    flowText(text) === flowText(formatted) &&
    commentsOf(text).join("\n") === commentsOf(formatted).join("\n");
  if (!isSame) throw unsafe();
  return formatted;
}

function laidOut(text: string): string {
  const spaced = tightLists(read(text).toString({ lineWidth: 0, indent: 2, indentSeq: true }));
  const values = valuesOf(spaced);
  return spaced.replaceAll(/[ \t]+$/gm, (blanks, at: number) =>
    values.some(([start, end]) => start <= at && at < end) ? blanks : "",
  );
}

/** Lists in brackets are written without the blanks inside that maps in braces have. */
function tightLists(text: string): string {
  const changes: TextChange[] = [];
  visit(read(text), {
    Seq(_key, node) {
      if (!isSeq(node) || node.flow !== true || !node.range || node.items.length === 0) return;
      const [start, end] = node.range;
      const open = /^\[( +)(?![ #\n])/.exec(text.slice(start, end));
      const close = /[^ \n,]( +)\]$/.exec(text.slice(start, end));
      if (open?.[1]) changes.push({ from: start + 1, to: start + 1 + open[1].length, insert: "" });
      if (close?.[1]) changes.push({ from: end - 1 - close[1].length, to: end - 1, insert: "" });
    },
  });
  return applyChanges(text, changes);
}

/** Where values stand: the blanks in them are their own. */
function valuesOf(text: string): readonly (readonly [number, number])[] {
  const found: [number, number][] = [];
  visit(read(text), {
    Scalar(_key, { range }) {
      if (range && text.slice(range[0], range[1]).includes("\n")) found.push([range[0], range[1]]);
    },
  });
  return found;
}

function read(text: string): Document.Parsed {
  const document = parseDocument(text, { schema: "core", logLevel: "silent", prettyErrors: false });
  const [error] = document.errors;
  if (error === undefined) return document;
  const line = text.slice(0, error.pos[0]).split("\n").length;
  throw refusal(
    `The text can't be formatted while it is no YAML: see line ${line}.`,
    "Solve that problem first, then format again.",
  );
}

/** What a flow means, apart from how it is written. */
function flowText(text: string): string {
  return canonicalJson(parseFlow(text).flow as never);
}

/** All comments in order, without the blanks around them. */
function commentsOf(text: string): readonly string[] {
  const tokens = [...new Lexer().lex(text)];
  return tokens.flatMap((token, index) =>
    token.startsWith("#") && tokens[index - 1] !== startOfScalar ? [token.trimEnd()] : [],
  );
}

function unsafe(): BatonError {
  return refusal(
    "The text can't be formatted without changing more than its layout.",
    "Nothing was changed. Unusual YAML, such as comments inside of lists in brackets, is best laid out by hand.",
  );
}
