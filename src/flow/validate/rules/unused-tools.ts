import { problemAt, type Rule } from "../rule.ts";
import { grantCovers } from "./grants.ts";

/** [V10] A tool of the flow that no agent may call and no task calls. */
export const unusedTools: Rule = {
  number: "V10",
  check: (survey) => {
    const { flow, parsed } = survey;
    if (parsed.broken.length > 0 || parsed.brokenNames.agents.length > 0) return [];
    return Object.keys(flow.tools).flatMap((name) => {
      const granted = Object.values(flow.agents).some((agent) =>
        agent.tools.some((grant) => grantCovers(grant.tool, name)),
      );
      const called = survey.tasks.some(({ task }) => task.kind === "tool" && task.tool === name);
      if (granted || called) return [];
      const message = `No agent may call the tool "${name}" and no task calls it. Grant it to an agent, or remove it.`;
      return [problemAt(survey, "V10", message, ["tools", name], { severity: "warning", part: "key" })];
    });
  },
};
