import type { Flow } from "#flow/index.ts";
import { flowOf } from "./rig.ts";

/** Tasks of a chain. */
export const tasks = 20;
export const modelCalls = 4;
export const toolCalls = 3;

/**
 * A step that stays within Baton, as reading a file or memory does, and one of which somebody outside learns: that one
 * is made when it is committed that it begins, while the other goes on ahead of the journal.
 */
const steps = {
  inside: { tool: "memory.get", argument: (i: number) => `{ key: flow:step${i} }` },
  outside: { tool: "notify", argument: (i: number) => `{ to: admin, text: "Step ${i}" }` },
};
export type Step = keyof typeof steps;
export type Kind = "chain" | "agent";

/** A chain of tool tasks, or an agent that calls its tool a few times. */
export function flowFor(kind: Kind, step: Step): Flow {
  const { tool, argument } = steps[step];
  if (kind === "chain") {
    const lines = Array.from(
      { length: tasks },
      (_, i) => `  - id: step${i}\n    tool: ${tool}\n    with: ${argument(i)}`,
    );
    return flowOf([`id: chain-${step}`, "tasks:", ...lines].join("\n"));
  }
  return flowOf(`
id: agent-${step}
agents:
  helper: { instructions: "Help everyone.", tools: [${tool}] }
tasks:
  - id: help
    agent: helper
    prompt: Do three things.
outputs: { text: "{{ tasks.help.output }}" }
`);
}
