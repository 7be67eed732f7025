import { isObject } from "#base/index.ts";
import { checkExpression } from "../../expression/check.ts";
import { functionNames } from "../../expression/environment.ts";
import { problemAt, problemIn, suggestion, type Rule } from "../rule.ts";

/** [V1] An expression that can't be read, or calls a function that doesn't exist. */
export const expressions: Rule = {
  number: "V1",
  check: (survey) => [
    ...survey.unreadable.map((one) => problemAt(survey, "V1", one.message, one.path)),
    ...survey.expressions.flatMap((expression) => {
      const error = checkExpression(expression.text);
      if (!error) return [];
      const details = isObject(error.details) ? error.details : {};
      const [start, end] = [Number(details["start"] ?? -1), Number(details["end"] ?? -1)];
      // An expression that ends too early is marked at its last character.
      const from = Math.min(start, expression.text.length - 1);
      const range =
        start < 0
          ? { start: 0, end: expression.text.length }
          : { start: Math.max(0, from), end: Math.max(end, from + 1) };
      const message = error.message.replace(/ In the expression: [\s\S]*$/, "");
      const called = misspelt(message, expression.text, range);
      const text = `The expression can't be read: ${message}${called?.hint ?? ""}`;
      return [problemIn(survey, "V1", text, expression, called ?? range, { fix: called?.fix })];
    }),
  ],
};

type Range = { readonly start: number; readonly end: number };

/** The name of a function that there is none of, where it stands, when it is near one that there is. */
function misspelt(
  message: string,
  text: string,
  range: Range,
): (Range & ReturnType<typeof suggestion>) | undefined {
  const name = /matching overload for '(?:.*\.)?(\w+)\(/.exec(message)?.[1];
  if (name === undefined || functionNames().has(name)) return undefined;
  const offset = new RegExp(`\\b${name}\\s*\\(`).exec(text.slice(range.start))?.index;
  const found = suggestion(name, functionNames());
  if (offset === undefined) return undefined;
  const start = range.start + offset;
  return { start, end: start + name.length, ...found };
}
