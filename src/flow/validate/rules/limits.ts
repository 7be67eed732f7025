import type { Limits } from "../../language/definition.ts";
import { printDuration } from "../../values/duration.ts";
import { problemAt, type Rule } from "../rule.ts";
import type { Survey } from "../survey.ts";
import type { Problem } from "../../problem.ts";
import type { DocumentPath } from "../../language/source.ts";

const kinds = ["steps", "tokens", "cost", "time"] as const;

/** [V13] Limits of a part above the limits of the whole: they would never count. */
export const limits: Rule = {
  number: "V13",
  check: (survey) => {
    const { flow } = survey;
    const agents = Object.values(flow.agents).flatMap((agent) =>
      above(survey, agent.limits, flow.limits, ["agents", agent.name, "limits"], "of the flow"),
    );
    const tasks = survey.tasks.flatMap(({ task, path }) => {
      if (task.kind !== "agent") return [];
      const own = flow.agents[task.agent]?.limits ?? {};
      const at = [...path, "limits"];
      const byFlow = above(survey, task.limits, flow.limits, at, "of the flow");
      return byFlow.length > 0 ? byFlow : above(survey, task.limits, own, at, `of the agent "${task.agent}"`);
    });
    const timeouts = survey.tasks.flatMap(({ task, path, parent }) => {
      if (task.timeout === undefined) return [];
      const limit = parent?.task.timeout ?? flow.limits.time;
      if (limit === undefined || task.timeout <= limit) return [];
      const whose =
        parent?.task.timeout === undefined ? "the flow's limit" : `the timeout of "${parent.task.id}"`;
      const message = `The timeout ${printDuration(task.timeout)} is above ${whose}, ${printDuration(limit)}.`;
      return [problemAt(survey, "V13", message, [...path, "timeout"], { severity: "warning" })];
    });
    return [...agents, ...tasks, ...timeouts];
  },
};

/** [V70] A limit of tasks on an agent, or on a task of one: neither begins tasks. */
export const tasksOfAgents: Rule = {
  number: "V70",
  check: (survey) => {
    const message = "A limit of tasks means nothing here: only a flow begins tasks. Limit steps instead.";
    const places: DocumentPath[] = [
      ...Object.values(survey.flow.agents).flatMap(({ name, limits: own }) =>
        own.tasks === undefined ? [] : [["agents", name, "limits", "tasks"]],
      ),
      ...survey.tasks.flatMap(({ task, path }) =>
        task.kind === "agent" && task.limits.tasks !== undefined ? [[...path, "limits", "tasks"]] : [],
      ),
    ];
    return places.map((path) => problemAt(survey, "V70", message, path, { part: "key" }));
  },
};

/** [V71] A limit of cost over a model whose price nobody knows: its tasks would fail. */
export const unpricedModels: Rule = {
  number: "V71",
  check: (survey, { unpriced = [] }) =>
    Object.values(survey.flow.agents).flatMap((agent) => {
      if (!unpriced.includes(agent.model)) return [];
      const tasks = survey.tasks.filter(({ task }) => task.kind === "agent" && task.agent === agent.name);
      const limited =
        survey.flow.limits.cost !== undefined ||
        agent.limits.cost !== undefined ||
        tasks.some(({ task }) => task.kind === "agent" && task.limits.cost !== undefined);
      if (!limited) return [];
      const message = `No price is known for the model behind "${agent.model}": under a limit of cost its tasks fail. An admin can give the alias a price under Settings, Models; or limit tokens instead.`;
      return [problemAt(survey, "V71", message, ["agents", agent.name, "model"], { severity: "warning" })];
    }),
};

function above(survey: Survey, part: Limits, whole: Limits, path: DocumentPath, whose: string): Problem[] {
  return kinds.flatMap((kind) => {
    const [own, limit] = [part[kind], whole[kind]];
    if (own === undefined || limit === undefined || own <= limit) return [];
    const show = (value: number): string => (kind === "time" ? printDuration(value) : String(value));
    const message = `The limit "${kind}" of ${show(own)} is above the one ${whose}, ${show(limit)}.`;
    return [problemAt(survey, "V13", message, [...path, kind])];
  });
}
