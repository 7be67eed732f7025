import { isObject, type Json, type SecretRef } from "#base/index.ts";
import { compileExpression } from "./compile.ts";
import { evaluateExpression, type ExpressionScope } from "./evaluate.ts";
import { expressionError } from "./errors.ts";

/**
 * A text with secrets in it: parts in order, text or a secret by name. What sends it joins the parts after resolving
 * the secrets; nobody else does.
 */
export type SecretText = { readonly $template: readonly (string | SecretRef)[] };

export function isSecretText(value: unknown): value is SecretText {
  return isObject(value) && Array.isArray(value["$template"]);
}

/** A piece of a template's text: words as they stand, or an expression with its offset in the text. */
export type TemplatePart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "expression"; readonly text: string; readonly start: number; readonly end: number };

const cacheSize = 2_000;
const cache = new Map<string, readonly TemplatePart[]>();

/** Takes a text apart. `\{{` stands for `{{` itself. Throws an expression error for a `{{` that is not closed. */
export function templateParts(text: string): readonly TemplatePart[] {
  const known = cache.get(text);
  if (known) return known;
  const parts = split(text);
  if (cache.size >= cacheSize) cache.clear();
  if (text.length < 10_000) cache.set(text, parts);
  return parts;
}

function split(text: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let plain = "";
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf("{{", at);
    if (open < 0) break;
    if (text[open - 1] === "\\") {
      plain += `${text.slice(at, open - 1)}{{`;
      at = open + 2;
      continue;
    }
    const close = closing(text, open + 2);
    if (close < 0) {
      throw expressionError(text, 'A "{{" is not closed by "}}".', { start: open, end: open + 2 });
    }
    plain += text.slice(at, open);
    if (plain !== "") parts.push({ kind: "text", text: plain });
    plain = "";
    parts.push({ kind: "expression", text: text.slice(open + 2, close), start: open + 2, end: close });
    at = close + 2;
  }
  plain += text.slice(at);
  if (plain !== "") parts.push({ kind: "text", text: plain });
  return parts;
}

/** Where the `}}` is that ends an expression: not inside quotes, nor one that closes a map of the expression. */
function closing(text: string, from: number): number {
  let quote = "";
  let braces = 0;
  for (let i = from; i < text.length; i += 1) {
    const c = text.charAt(i);
    if (quote !== "") {
      if (c === "\\") i += 1;
      else if (c === quote) quote = "";
    } else if (c === '"' || c === "'") {
      quote = c;
    } else if (c === "{") {
      braces += 1;
    } else if (c === "}") {
      if (braces > 0) braces -= 1;
      else if (text[i + 1] === "}") return i;
    }
  }
  return -1;
}

/** The expression of a text that is exactly one `{{ }}`; else undefined. */
export function soleExpression(text: string): string | undefined {
  const trimmed = text.trim();
  if (!trimmed.startsWith("{{") || !trimmed.endsWith("}}")) return undefined;
  const [first, ...rest] = templateParts(trimmed);
  return first?.kind === "expression" && rest.length === 0 ? first.text.trim() : undefined;
}

/**
 * Fills a template in. A text that is exactly one `{{ }}` keeps the value's type; in longer texts values stand as
 * text, null as nothing, lists and maps as JSON, and secrets make the whole a {@link SecretText}. Keys of maps are
 * taken as they are. Throws an expression error.
 */
export function evaluateTemplate(template: Json, scope: ExpressionScope): Json {
  if (typeof template === "string") return fillText(template, scope);
  if (Array.isArray(template)) return template.map((item: Json) => evaluateTemplate(item, scope));
  if (isObject(template)) {
    return Object.fromEntries(
      Object.entries(template).map(([key, item]) => [key, evaluateTemplate(item as Json, scope)]),
    );
  }
  return template;
}

function fillText(text: string, scope: ExpressionScope): Json {
  if (!text.includes("{{")) return text;
  const sole = soleExpression(text);
  if (sole !== undefined) return evaluateExpression(sole, scope);
  const pieces: (string | SecretRef)[] = [];
  for (const part of templateParts(text)) {
    const piece = part.kind === "text" ? part.text : asPiece(evaluateExpression(part.text.trim(), scope));
    for (const one of Array.isArray(piece) ? piece : [piece]) {
      const last = pieces.at(-1);
      if (typeof one === "string" && typeof last === "string") pieces[pieces.length - 1] = last + one;
      else pieces.push(one);
    }
  }
  return pieces.every((piece) => typeof piece === "string") ? pieces.join("") : { $template: pieces };
}

function asPiece(value: Json): string | SecretRef | (string | SecretRef)[] {
  if (isSecret(value)) return value;
  if (isSecretText(value)) return [...value.$template];
  return textOfValue(value);
}

function isSecret(value: unknown): value is SecretRef {
  return isObject(value) && typeof value["$secret"] === "string";
}

/** A value as it stands in a text. */
export function textOfValue(value: Json): string {
  if (value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Reads all expressions of a text without carrying them out; throws for the first that can't be read. */
export function checkTemplateText(text: string): void {
  for (const part of templateParts(text)) if (part.kind === "expression") compileExpression(part.text.trim());
}
