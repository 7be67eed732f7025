import { problemAt, suggestion, type Rule } from "../rule.ts";

/** [V7] A task for an agent that the flow doesn't have. */
export const agents: Rule = {
  number: "V7",
  check: (survey) => {
    const known = Object.keys(survey.flow.agents);
    const broken = survey.parsed.brokenNames.agents;
    return survey.tasks.flatMap(({ task, path }) => {
      if (task.kind !== "agent" || known.includes(task.agent) || broken.includes(task.agent)) return [];
      const { hint, fix } = suggestion(task.agent, known);
      const message = `There is no agent "${task.agent}".${hint || " Describe it under agents."}`;
      return [problemAt(survey, "V7", message, [...path, "agent"], { fix })];
    });
  },
};
