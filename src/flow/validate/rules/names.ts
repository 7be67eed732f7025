import { allReferences } from "../facts.ts";
import { problemIn, suggestion, type Rule } from "../rule.ts";
import type { SurveyedExpression, Use } from "../survey.ts";

const inTasks = ["inputs", "vars", "tasks", "run", "now"];
const byUse: Readonly<Record<Use, readonly string[]>> = {
  condition: inTasks,
  prompt: inTasks,
  text: inTasks,
  "tool-arguments": inTasks,
  "flow-inputs": inTasks,
  break: [...inTasks, "item", "index"],
  outputs: inTasks,
  until: [...inTasks, "index", "round"],
  success: [...inTasks, "outputs"],
  instructions: inTasks,
  vars: ["inputs", "run", "now"],
  concurrency: ["inputs"],
  grant: ["args", "inputs", "vars", "run", "now"],
  "tool-approval": ["args", "inputs", "vars", "run", "now"],
  "tool-request": ["args"],
  "tool-result": ["args", "response"],
  "schedule-trigger": ["trigger", "now"],
  "webhook-trigger": ["body", "headers", "query", "trigger", "now"],
  "flow-trigger": ["run", "outputs", "trigger", "now"],
};

function scopeOf(expression: SurveyedExpression): ReadonlySet<string> {
  const names = new Set(byUse[expression.use]);
  for (const step of expression.task?.chain ?? []) {
    if (step.owner?.kind === "foreach" && step.block === "tasks") names.add("item").add("index");
    if (step.owner?.kind === "loop" && step.block === "tasks") names.add("index").add("round");
    if (step.block === "errors" || step.block === "finally") names.add("error");
  }
  return names;
}

/** [V2] A name that means nothing where it stands. */
export const names: Rule = {
  number: "V2",
  check: (survey) =>
    allReferences(survey).flatMap(({ expression, reference }) => {
      const [root] = reference.names;
      const [place] = reference.places;
      if (root === undefined || place === undefined) return [];
      const scope = scopeOf(expression);
      if (scope.has(root) || typeNames.has(root)) return [];
      const { hint, fix } = suggestion(root, scope);
      const where = whereOf(expression.use, root);
      const message = `There is no "${root}" ${where}. Known here: ${[...scope].join(", ")}.${hint}`;
      return [problemIn(survey, "V2", message, expression, place, { fix })];
    }),
};

/** Names that CEL itself gives a meaning. */
const typeNames = new Set([
  "int",
  "uint",
  "double",
  "bool",
  "string",
  "bytes",
  "list",
  "map",
  "null_type",
  "type",
  "optional",
  "cel",
  "google",
]);

function whereOf(use: Use, root: string): string {
  if (root === "item") return "outside of foreach";
  if (root === "index") return "outside of foreach and loop";
  if (root === "round") return "outside of loop";
  if (root === "outputs") return "outside of success";
  if (root === "error") return "outside of errors and finally";
  if (use === "tool-request" || use === "tool-result") return "in a tool, which knows its arguments alone";
  return "here";
}
