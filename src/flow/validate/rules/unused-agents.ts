import { problemAt, type Rule } from "../rule.ts";

/** [V11] An agent that no task asks. */
export const unusedAgents: Rule = {
  number: "V11",
  check: (survey) => {
    if (survey.parsed.broken.length > 0) return [];
    const asked = new Set(survey.tasks.flatMap(({ task }) => (task.kind === "agent" ? [task.agent] : [])));
    return Object.keys(survey.flow.agents)
      .filter((name) => !asked.has(name))
      .map((name) =>
        problemAt(survey, "V11", `No task asks the agent "${name}".`, ["agents", name], {
          severity: "warning",
          part: "key",
        }),
      );
  },
};
