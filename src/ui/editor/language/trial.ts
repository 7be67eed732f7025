import type { Json, JsonObject } from "#base/index.ts";
import { exampleOf, type Field, type Flow, type Knowledge, type Task, type ToolFacts } from "#flow/index.ts";
import { blocksOf } from "#flow/index.ts";
import { grantedTools, localToolFacts } from "#flow/machine/index.ts";

/** A tool, or an event, that a flow can reach when it is tried out. */
export type TrialCall = {
  /** As answers are given for it: the tool's name, or `event:NAME`. */
  readonly name: string;
  /** Whether it is called all the same, as it changes nothing; "sometimes": by its arguments. */
  readonly called: "yes" | "no" | "sometimes";
  /** What is answered in its place, as JSON text to begin from. */
  readonly example: string;
};

/** What a person chooses before a flow is tried out. */
export type Trial = {
  readonly inputs: readonly Field[];
  readonly samples: Readonly<Record<string, JsonObject>>;
  readonly calls: readonly TrialCall[];
  /** Whether it asks models. */
  readonly asksModels: boolean;
  /** Whether it may ask people. */
  readonly asksPeople: boolean;
};

/** What trying a flow out would reach: the tools that its tasks call and those that its agents are granted. */
export function trialOf(flow: Flow, knowledge: Knowledge): Trial {
  const local = new Map(localToolFacts(flow, () => "").map((facts) => [facts.name, facts]));
  const factsOf = (name: string): ToolFacts | undefined => local.get(name) ?? knowledge.tools?.get(name);
  const known = [...new Set([...local.keys(), ...(knowledge.tools?.names() ?? [])])];
  const tasks = allTasks(flow);
  const used = new Set<string>();
  const events = new Set<string>();
  for (const task of tasks) {
    if (task.kind === "tool") used.add(task.tool);
    if (task.kind === "wait" && "event" in task.for) events.add(task.for.event);
    const agent = task.kind === "agent" ? flow.agents[task.agent] : undefined;
    if (agent !== undefined) for (const name of grantedTools(agent, known)) used.add(name);
  }
  const calls = [...used].toSorted().flatMap((name): TrialCall[] => {
    const facts = factsOf(name);
    return facts === undefined ? [] : [{ name, called: calledBy(facts), example: exampleText(facts) }];
  });
  const waits = [...events]
    .toSorted()
    .map((name): TrialCall => ({ name: `event:${name}`, called: "no", example: "null" }));
  const isAsked = (facts: ToolFacts | undefined): boolean =>
    facts !== undefined && (facts.approval !== null || facts.risk === "high");
  return {
    inputs: flow.inputs.fields,
    samples: flow.samples,
    calls: [...calls, ...waits],
    asksModels: tasks.some((task) => task.kind === "agent"),
    asksPeople:
      tasks.some(
        (task) => task.kind === "approval" || task.kind === "form" || typeof task.onError === "object",
      ) || [...used].some((name) => isAsked(factsOf(name))),
  };
}

function calledBy({ effect }: ToolFacts): TrialCall["called"] {
  if (effect === undefined || effect === "outside") return "no";
  return effect === "none" ? "yes" : "sometimes";
}

function exampleText({ outputSchema }: ToolFacts): string {
  const example: Json | undefined = outputSchema === null ? undefined : exampleOf(outputSchema);
  return JSON.stringify(example ?? null, null, 2);
}

function allTasks(flow: Flow): readonly Task[] {
  const found: Task[] = [];
  const visit = (tasks: readonly Task[]): void => {
    for (const task of tasks) {
      found.push(task);
      for (const block of blocksOf(task)) visit(block.tasks);
    }
  };
  visit(flow.tasks);
  visit(flow.errors);
  visit(flow.finally);
  return found;
}
