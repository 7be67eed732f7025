import { problemAt, suggestion, type Rule } from "../rule.ts";

/** [V8] A task that calls a tool which doesn't exist. Checked where the workspace's tools are known. */
export const tools: Rule = {
  number: "V8",
  check: (survey, knowledge) => {
    if (!knowledge.tools) return [];
    const local = Object.keys(survey.flow.tools);
    const registry = knowledge.tools;
    return survey.tasks.flatMap(({ task, path }) => {
      if (task.kind !== "tool") return [];
      if (local.includes(task.tool) || survey.parsed.brokenNames.tools.includes(task.tool)) return [];
      if (registry.get(task.tool)) return [];
      const { hint, fix } = suggestion(task.tool, [...local, ...registry.names()]);
      const message = `There is no tool "${task.tool}".${hint || " Describe it under tools, or ask an admin to add it."}`;
      return [problemAt(survey, "V8", message, [...path, "tool"], { fix })];
    });
  },
};
