import { isObject, type Json } from "#base/index.ts";
import { readMemoryKey } from "../../language/memory.ts";
import { exampleOf } from "../../values/example.ts";
import type { ToolEffect, ToolFacts } from "../contract.ts";
import type { RunActor, TaskPath } from "../events.ts";

/**
 * A run that tries a flow out. It calls models, reads, and thinks as any run does, but leaves nothing behind: calls that would change
 * something outside of it are answered in the tool's place, people are not bothered but for the one who tries, nothing waits or holds
 * others up. Runs that it starts are of the same kind.
 */
export type Sandbox = {
  /** Where the task stands in the flow's text with whose end the run ends. */
  readonly until?: TaskPath;
  /** What is answered in place of a tool, by its name; in place of an event by `event:NAME`. */
  readonly mocks: Readonly<Record<string, Json>>;
  /** Whether questions are put to the one who tries, or get their first answer by themselves. */
  readonly questions: "ask" | "answer";
};

/** Whose answer a tool's is that was not called: the author's, or one made up by the tool's schema. */
export type Mocked = "given" | "example";

/** Who answers what nobody is asked. */
export const sandboxActor: RunActor = { kind: "system", id: "sandbox", name: "Sandbox" };

/** What is said where a tool's answer has no shape that an example could have. */
export const nothingDone = "Sandbox run: this was not done.";

/** How a call ends in a sandbox without being made. */
export type MockedCall =
  | { readonly how: Mocked; readonly result: Json }
  | { readonly how: "example"; readonly problem: string };

/** The answer in a tool's place; undefined where the call changes nothing and nobody gave an answer: then it is made. */
export function mockOf(
  sandbox: Sandbox,
  call: {
    readonly tool: string;
    readonly args: Json;
    readonly facts: Pick<ToolFacts, "effect" | "outputSchema">;
  },
): MockedCall | undefined {
  const { tool, args, facts } = call;
  if (Object.hasOwn(sandbox.mocks, tool)) return { how: "given", result: sandbox.mocks[tool] ?? null };
  if (isHarmless(facts.effect, args)) return undefined;
  if (facts.outputSchema === null) return { how: "example", result: nothingDone };
  const result = exampleOf(facts.outputSchema);
  if (result !== undefined) return { how: "example", result };
  return {
    how: "example",
    problem: `No example of what ${tool} answers could be made from its output's shape.`,
  };
}

/** Whether a call with these arguments changes nothing outside of its run. */
export function isHarmless(effect: ToolEffect | undefined, args: Json): boolean {
  if (effect === undefined || effect === "outside") return false;
  if (effect === "none") return true;
  const { argument, beginsWith } = effect.noneWhere;
  const value = isObject(args) ? args[argument] : undefined;
  return typeof value === "string" && beginsWith.some((beginning) => value.startsWith(beginning));
}

/** What `remember` answers without writing: a first version of each key. Undefined where all keys are the run's own. */
export function mockRemembered(keys: readonly string[]): Json | undefined {
  if (keys.every((key) => readMemoryKey(key)?.scope === "run")) return undefined;
  return Object.fromEntries(keys.map((key) => [key, 1]));
}
