import type { DocumentPath } from "../../language/source.ts";
import { problemAt, type Rule } from "../rule.ts";

/** [V6] Two tasks with one id. Ids are unique in the whole flow, since expressions name tasks by them alone. */
export const ids: Rule = {
  number: "V6",
  check: (survey) => {
    const seen = new Map<string, DocumentPath>();
    return survey.tasks.flatMap(({ task, path }) => {
      const first = seen.get(task.id);
      if (!first) {
        seen.set(task.id, path);
        return [];
      }
      const { line } = survey.parsed.source.rangeOf([...first, "id"]);
      const message = `The id "${task.id}" is taken by the task in line ${line}. Ids are unique in the whole flow.`;
      return [problemAt(survey, "V6", message, [...path, "id"])];
    });
  },
};
