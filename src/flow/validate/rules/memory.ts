import type { MemoryGrant } from "../../language/definition.ts";
import { memoryGrantOf, memoryKeyProblem, memoryRefusal } from "../../language/memory.ts";
import type { DocumentPath } from "../../language/source.ts";
import { factsOf } from "../facts.ts";
import { problemAt, problemIn, type Rule } from "../rule.ts";
import type { Survey, SurveyedExpression, Use } from "../survey.ts";
import { grantCovers } from "./grants.ts";

type Call = { readonly argument: string | undefined; readonly start: number; readonly end: number };
type Reading = { readonly expression: SurveyedExpression; readonly call: Call };

/** Where a run stands still to read memory. Requests, grants and triggers are worked out elsewhere. */
const readable: ReadonlySet<Use> = new Set<Use>([
  "condition",
  "prompt",
  "text",
  "tool-arguments",
  "instructions",
  "outputs",
  "break",
  "until",
]);

/** [V75] A key of memory, or a pattern of a grant, that names no scope or is none otherwise. */
export const memoryKeys: Rule = {
  number: "V75",
  check: (survey) => [
    ...grantsOf(survey).flatMap(({ grant, path }) =>
      (["read", "write"] as const).flatMap((may) =>
        grant[may].flatMap((pattern, index) => {
          const problem = memoryKeyProblem(pattern, true);
          return problem === undefined ? [] : [problemAt(survey, "V75", problem, [...path, may, index])];
        }),
      ),
    ),
    ...writtenKeys(survey).flatMap(({ key, path }) => {
      const problem = memoryKeyProblem(key);
      return problem === undefined ? [] : [problemAt(survey, "V75", problem, path, { part: "key" })];
    }),
    ...readings(survey).flatMap(({ expression, call }) => {
      const problem = call.argument === undefined ? undefined : memoryKeyProblem(call.argument);
      return problem === undefined ? [] : [problemIn(survey, "V75", problem, expression, call)];
    }),
  ],
};

/** [V76] A key that a task writes, or an expression reads, outside of every grant of the flow. */
export const memoryGrants: Rule = {
  number: "V76",
  check: (survey) => {
    const grant = memoryGrantOf(survey.flow, null);
    const outside = (may: "read" | "write", key: string): string | undefined => {
      if (memoryKeyProblem(key) !== undefined || memoryRefusal(grant, may, key) === undefined)
        return undefined;
      return `Nobody in this flow is granted to ${may} the memory "${key}". Add it to memory.${may} of the flow or of one of its agents.`;
    };
    return [
      ...writtenKeys(survey).flatMap(({ key, path, seed }) => {
        const message = seed ? undefined : outside("write", key);
        return message === undefined ? [] : [problemAt(survey, "V76", message, path, { part: "key" })];
      }),
      ...readings(survey).flatMap(({ expression, call }) => {
        const message = call.argument === undefined ? undefined : outside("read", call.argument);
        return message === undefined ? [] : [problemIn(survey, "V76", message, expression, call)];
      }),
    ];
  },
};

/** [V77] `memory()` where nothing stops to read it. */
export const memoryPlaces: Rule = {
  number: "V77",
  check: (survey) =>
    readings(survey).flatMap(({ expression, call }) => {
      if (readable.has(expression.use)) return [];
      const message = "memory() can't stand here. Use it in tasks, prompts, instructions and outputs.";
      return [problemIn(survey, "V77", message, expression, call)];
    }),
};

/** [V78] A seed that is not a plain value. */
export const seeds: Rule = {
  number: "V78",
  check: (survey) =>
    Object.entries(survey.flow.seed).flatMap(([key, value]) => {
      if (!JSON.stringify(value).includes("{{")) return [];
      const message = `What "${key}" is seeded with is taken as it stands: it can't hold {{ }}. Use a task that remembers it.`;
      return [problemAt(survey, "V78", message, ["seed", key])];
    }),
};

/** [V79] Warning: memory granted to an agent that has no tool to use it. */
export const idleMemory: Rule = {
  number: "V79",
  check: (survey) =>
    Object.values(survey.flow.agents).flatMap((agent) => {
      const { memory, tools } = agent;
      if (memory === undefined || memory.read.length + memory.write.length === 0) return [];
      const names = ["get", "set", "append", "list", "search", "forget"].map((name) => `memory.${name}`);
      if (tools.some((grant) => names.some((name) => grantCovers(grant.tool, name)))) return [];
      const message = `"${agent.name}" may use memory, but has no tool for it. Add memory to its tools.`;
      return [problemAt(survey, "V79", message, ["agents", agent.name, "memory"], { severity: "warning" })];
    }),
};

function grantsOf(survey: Survey): { grant: MemoryGrant; path: DocumentPath }[] {
  const { flow } = survey;
  return [
    ...(flow.memory === undefined ? [] : [{ grant: flow.memory, path: ["memory"] }]),
    ...Object.values(flow.agents).flatMap((agent) =>
      agent.memory === undefined ? [] : [{ grant: agent.memory, path: ["agents", agent.name, "memory"] }],
    ),
  ];
}

/** Keys that are written out where something is written. */
function writtenKeys(survey: Survey): { key: string; path: DocumentPath; seed: boolean }[] {
  const remembered = survey.tasks.flatMap(({ task, path }) =>
    task.kind === "remember"
      ? Object.keys(task.entries)
          .filter((key) => !key.includes("{{"))
          .map((key) => ({ key, path: [...path, "remember", key], seed: false }))
      : [],
  );
  const seeded = Object.keys(survey.flow.seed).map((key) => ({ key, path: ["seed", key], seed: true }));
  return [...remembered, ...seeded];
}

function readings(survey: Survey): Reading[] {
  return survey.expressions.flatMap((expression): Reading[] =>
    (factsOf(expression)?.calls ?? [])
      .filter((call) => call.name === "memory")
      .map((call) => ({ expression, call })),
  );
}
