import { allReferences } from "../facts.ts";
import { problemIn, suggestion, type Rule } from "../rule.ts";

const members = ["output", "state", "error", "attempts", "cost", "items", "startedAt", "finishedAt"];

/** [V4] A task, or a part of its result, that doesn't exist. */
export const taskReferences: Rule = {
  number: "V4",
  check: (survey) =>
    allReferences(survey).flatMap(({ expression, reference }) => {
      const [root, id, member] = reference.names;
      const [, idPlace, memberPlace] = reference.places;
      if (root !== "tasks" || id === undefined || idPlace === undefined || id === "*") return [];
      if (survey.brokenIds.has(id)) return [];
      if (!survey.byId.has(id)) {
        const { hint, fix } = suggestion(id, survey.byId.keys());
        return [problemIn(survey, "V4", `There is no task "${id}".${hint}`, expression, idPlace, { fix })];
      }
      if (member === undefined || memberPlace === undefined || member === "*" || members.includes(member))
        return [];
      const inOutput = member === "output" ? "" : ` Its result is in tasks.${id}.output.`;
      const { hint, fix } = suggestion(member, members);
      const message = `A task has ${members.slice(0, 6).join(", ")}, but no "${member}".${hint === "" ? inOutput : hint}`;
      return [problemIn(survey, "V4", message, expression, memberPlace, { fix })];
    }),
};
