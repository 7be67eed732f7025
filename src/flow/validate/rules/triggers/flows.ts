import type { Knowledge } from "../../knowledge.ts";
import { allReferences } from "../../facts.ts";
import { problemAt, problemIn, suggestion, type Rule } from "../../rule.ts";

/** [V65] A trigger that follows a flow which does not exist. (Where the workspace's flows are known.) */
export const followedFlows: Rule = {
  number: "V65",
  check: (survey, { follows }) =>
    survey.flow.triggers.flatMap((trigger) => {
      if (trigger.kind !== "flow" || follows === undefined) return [];
      if (trigger.flow === survey.flow.id || follows.has(trigger.flow)) return [];
      const { hint, fix } = suggestion(trigger.flow, follows.keys());
      const path = [...(survey.parsed.triggerPaths.get(trigger) ?? []), "flow"];
      const message = `There is no flow "${trigger.flow}".${hint}`;
      return [problemAt(survey, "V65", message, path, { fix })];
    }),
};

/** [V66] Warning: flows that start each other in a circle. */
export const triggerCycles: Rule = {
  number: "V66",
  check: (survey, knowledge) =>
    survey.flow.triggers.flatMap((trigger) => {
      if (trigger.kind !== "flow" || trigger.disabled) return [];
      const circle = wayBack(survey.flow.id, trigger.flow, knowledge);
      if (circle === null) return [];
      const path = [...(survey.parsed.triggerPaths.get(trigger) ?? []), "flow"];
      const way = [...circle, circle[0]].join(" after ");
      const message = `These flows start each other without end: ${way}. Such a chain is stopped after 10 runs.`;
      return [problemAt(survey, "V66", message, path, { severity: "warning" })];
    }),
};

/** The flows from `own` by what each follows, back to it; null when none leads back. */
function wayBack(own: string, followed: string, { follows }: Knowledge): string[] | null {
  const seen = new Set<string>();
  const search = (slug: string, way: readonly string[]): string[] | null => {
    if (slug === own) return [...way];
    if (seen.has(slug) || way.length > 50) return null;
    seen.add(slug);
    for (const next of follows?.get(slug) ?? []) {
      const found = search(next, [...way, slug]);
      if (found) return found;
    }
    return null;
  };
  return search(followed, [own]);
}

/** What expressions may read of the run that ended, and of the trigger itself. */
const facts: Readonly<Record<string, readonly string[]>> = {
  run: [
    "id",
    "number",
    "flow",
    "state",
    "startedBy",
    "simulated",
    "cost",
    "tokens",
    "error",
    "startedAt",
    "finishedAt",
  ],
  trigger: ["id", "kind", "at"],
};

/** [V67] A fact of a trigger, or of the run that it follows, that there is none of. */
export const triggerFacts: Rule = {
  number: "V67",
  check: (survey) =>
    [...allReferences(survey)].flatMap(({ expression, reference }) => {
      if (!expression.use.endsWith("-trigger")) return [];
      const [root = "", name] = reference.names;
      const place = reference.places[1];
      const known = facts[root];
      if (name === undefined || place === undefined || known === undefined) return [];
      if (reference.guarded || name === "*" || known.includes(name)) return [];
      const { hint, fix } = suggestion(name, known);
      const message = `"${root}" has ${known.join(", ")} here, but no "${name}".${hint}`;
      return [problemIn(survey, "V67", message, expression, place, { fix })];
    }),
};
