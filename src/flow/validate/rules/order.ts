import { allReferences } from "../facts.ts";
import { needsOf } from "../needs.ts";
import { problemIn, type Rule } from "../rule.ts";
import type { Step, SurveyedExpression, SurveyedTask } from "../survey.ts";

type Order = "before" | "itself" | "around" | "below" | "later" | "beside" | "other-branch" | "not-needed";

/** [V5] A reference to a task that can't have run yet; [V33] in a dag, to one that is not among what the task needs. */
export const order: Rule = {
  number: "V5",
  check: (survey) =>
    allReferences(survey).flatMap(({ expression, reference }) => {
      const [root, id] = reference.names;
      const target = root === "tasks" && id !== undefined ? survey.byId.get(id) : undefined;
      const { task } = expression;
      if (!target || !task) return [];
      const found = orderOf(target, task, expression);
      const message = messageFor(found, target.task.id);
      if (message === undefined || (reference.guarded && found !== "itself")) return [];
      const place = reference.places[1] ?? reference;
      const severity = found === "beside" ? "warning" : "error";
      const rule = found === "not-needed" ? "V33" : "V5";
      return [problemIn(survey, rule, message, expression, place, { severity })];
    }),
};

function messageFor(found: Order, id: string): string | undefined {
  switch (found) {
    case "before":
      return undefined;
    case "itself":
      return `"${id}" is this very task: its result is not there yet.`;
    case "around":
      return `"${id}" holds this task and is not over yet.`;
    case "below":
      return `"${id}" is inside this task and has not run yet.`;
    case "later":
      return `"${id}" runs later: it can't have a result yet. Move it up, or this task down.`;
    case "beside":
      return `"${id}" runs at the same time, so that its result may not be there. Put one after the other.`;
    case "not-needed":
      return `"${id}" is not among what this task needs, so that it may not have run. Add it to needs.`;
    case "other-branch":
      return `"${id}" is in another branch: when this task runs, that one does not.`;
  }
}

function orderOf(target: SurveyedTask, from: SurveyedTask, expression: SurveyedExpression): Order {
  if (target === from) return "itself";
  const length = Math.min(target.chain.length, from.chain.length);
  for (let i = 0; i < length; i += 1) {
    const [a, b] = [target.chain[i], from.chain[i]];
    if (!a || !b) break;
    if (a.block !== b.block) return acrossBlocks(a, b);
    if (a.index !== b.index) {
      if (a.owner?.kind === "parallel" && a.block === "tasks") return "beside";
      if (a.owner?.kind === "dag" && a.block === "tasks") {
        const before = needsOf(a.owner).before(a.owner.tasks[b.index]?.id ?? "");
        return before.has(a.owner.tasks[a.index]?.id ?? "") ? "before" : "not-needed";
      }
      return a.index < b.index ? "before" : "later";
    }
  }
  if (target.chain.length < from.chain.length) {
    const next = from.chain[target.chain.length];
    return next && isHandler(next.block) ? "before" : "around";
  }
  return expression.use === "break" || expression.use === "until" ? "before" : "below";
}

function isHandler(block: string): boolean {
  return block === "errors" || block === "finally";
}

/** Both steps have the same owner; the body comes before `errors`, that before `finally`. */
function acrossBlocks(target: Step, from: Step): Order {
  const rank = (step: Step): number => (step.block === "finally" ? 2 : step.block === "errors" ? 1 : 0);
  if (rank(target) === rank(from)) return "other-branch";
  return rank(target) < rank(from) ? "before" : "later";
}
