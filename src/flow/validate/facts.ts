import { expressionFacts, type ExpressionFacts } from "../expression/references.ts";
import type { Survey, SurveyedExpression } from "./survey.ts";

const known = new WeakMap<SurveyedExpression, ExpressionFacts | null>();

/** What an expression reads and calls; null when it can't be read (V1 tells that). */
export function factsOf(expression: SurveyedExpression): ExpressionFacts | null {
  let facts = known.get(expression);
  if (facts === undefined) {
    try {
      facts = expressionFacts(expression.text);
    } catch {
      facts = null;
    }
    known.set(expression, facts);
  }
  return facts;
}

/** Every name that an expression of the flow reads, with the expression. */
export function* allReferences(survey: Survey) {
  for (const expression of survey.expressions) {
    for (const reference of factsOf(expression)?.references ?? []) yield { expression, reference };
  }
}
