import { problemAt, suggestion, type Rule } from "../rule.ts";

/** [V19] A model alias that the workspace doesn't have. */
export const models: Rule = {
  number: "V19",
  check: (survey, knowledge) => {
    const known = knowledge.models;
    if (!known) return [];
    return Object.values(survey.flow.agents).flatMap((agent) => {
      if (known.includes(agent.model)) return [];
      const { hint, fix } = suggestion(agent.model, known);
      const message = `The workspace has no model alias "${agent.model}".${hint}`;
      return [
        problemAt(survey, "V19", message, ["agents", agent.name, "model"], { severity: "warning", fix }),
      ];
    });
  },
};
