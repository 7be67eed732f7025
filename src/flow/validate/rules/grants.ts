import { problemAt, suggestion, type Rule } from "../rule.ts";

/** [V9] A grant that fits no tool. Checked where the workspace's tools are known. */
export const grants: Rule = {
  number: "V9",
  check: (survey, knowledge) => {
    if (!knowledge.tools) return [];
    const known = [
      ...Object.keys(survey.flow.tools),
      ...survey.parsed.brokenNames.tools,
      ...knowledge.tools.names(),
    ];
    return Object.values(survey.flow.agents).flatMap((agent) =>
      agent.tools.flatMap((grant, index) => {
        if (known.some((name) => grantCovers(grant.tool, name))) return [];
        const { hint, fix } = suggestion(grant.tool, known);
        const message = `"${agent.name}" is granted "${grant.tool}", but there is no such tool.${hint}`;
        return [problemAt(survey, "V9", message, ["agents", agent.name, "tools", index], { fix })];
      }),
    );
  },
};

/** Whether a granted name or pattern (`crm.*`, `*`) covers a tool. */
export function grantCovers(pattern: string, tool: string): boolean {
  return pattern.endsWith("*") ? tool.startsWith(pattern.slice(0, -1)) : pattern === tool;
}
