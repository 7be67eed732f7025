import { isObject } from "#base/index.ts";
import { checkExpression } from "../../expression/check.ts";
import { problemAt, problemIn, type Rule } from "../rule.ts";

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
      return [problemIn(survey, "V1", `The expression can't be read: ${message}`, expression, range)];
    }),
  ],
};
