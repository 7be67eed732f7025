import { expressionFacts, type ExpressionFacts, type Reference } from "../expression/references.ts";
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

type Read = { readonly expression: SurveyedExpression; readonly reference: Reference };

const read = new WeakMap<Survey, readonly Read[]>();

/** Every name that an expression of the flow reads, with the expression. Found once for all rules. */
export function allReferences(survey: Survey): readonly Read[] {
  let all = read.get(survey);
  if (!all) {
    all = survey.expressions.flatMap((expression) =>
      (factsOf(expression)?.references ?? []).map((reference) => ({ expression, reference })),
    );
    read.set(survey, all);
  }
  return all;
}
