import type { Problem } from "../problem.ts";
import type { DocumentPath } from "../language/source.ts";
import { nearest } from "../language/names.ts";
import type { Knowledge } from "./knowledge.ts";
import type { Survey, SurveyedExpression } from "./survey.ts";

/** One rule of SPEC.md, part V. Finds; it never throws and changes nothing. */
export type Rule = {
  readonly number: string;
  readonly check: (survey: Survey, knowledge: Knowledge) => readonly Problem[];
};

type Options = {
  readonly severity?: Problem["severity"];
  readonly part?: "key" | "value";
  readonly fix?: Problem["fix"];
};

/** A problem at a path of the document. */
export function problemAt(
  survey: Survey,
  rule: string,
  message: string,
  path: DocumentPath,
  { severity = "error", part = "value", fix }: Options = {},
): Problem {
  const { line, column, endLine, endColumn } = survey.parsed.source.rangeOf(path, part);
  return { rule, severity, message, path, line, column, endLine, endColumn, ...(fix ? { fix } : {}) };
}

/** A problem at a stretch of an expression; offsets are of the expression's text. */
export function problemIn(
  survey: Survey,
  rule: string,
  message: string,
  expression: SurveyedExpression,
  range: { readonly start: number; readonly end: number },
  { severity = "error", fix }: Options = {},
): Problem {
  const from = expression.offset + Math.max(0, range.start);
  const to = expression.offset + Math.max(range.start, range.end);
  const { source } = survey.parsed;
  const place = source.rangeWithin(expression.path, expression.within, from, to);
  const { line, column, endLine, endColumn } = place;
  const exact = source.text.slice(place.start, place.end) === expression.within.slice(from, to);
  const kept = fix && exact ? { fix } : {};
  return { rule, severity, message, path: expression.path, line, column, endLine, endColumn, ...kept };
}

/** ` Did you mean "x"?` and the fix that writes it. */
export function suggestion(
  given: string,
  known: Iterable<string>,
): { readonly hint: string; readonly fix: Problem["fix"] | undefined } {
  const near = nearest(given, known);
  if (near === undefined) return { hint: "", fix: undefined };
  return { hint: ` Did you mean "${near}"?`, fix: { title: `Change to "${near}"`, text: near } };
}
