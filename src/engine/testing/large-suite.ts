import { describe, expect, test } from "vitest";
import { isBlobRef, type Json } from "#base/index.ts";
import { canonicalJson } from "#flow/index.ts";
import { largestInline } from "../values.ts";
import { eventsOf, stateOf } from "./finish.ts";
import { engineFor, flowOf, hashOf, makeRun, outside, type ConformanceWorld } from "./world.ts";

const long = (letter: string): string => letter.repeat(100_000);

const flow = flowOf(`
id: large
agents:
  reader: { instructions: Read., tools: [look] }
inputs: { text: string }
vars: { copy: "{{ inputs.text }}" }
tasks:
  - { id: read, agent: reader, prompt: "{{ inputs.text }}" }
  - { id: gate, approval: "Fine?", details: "{{ tasks.read.output }}", fields: { why: string } }
outputs: { size: "{{ tasks.read.output.size() + vars.copy.size() + tasks.gate.output.answer.why.size() }}" }
`);

/** Values that are too large for events, wherever they come from. */
export function largeValues(get: () => ConformanceWorld): void {
  describe("large values", () => {
    test("prompts, answers, arguments, questions and inputs are kept apart; models, tools and people get the whole", async () => {
      const beyond = outside();
      const prompts: string[][] = [];
      const made: Json[] = [];
      const { id, journal } = await get().worker();
      const worker = engineFor(
        { id, journal },
        flow,
        { look: { risk: "high" } },
        {
          ...beyond,
          async call({ args }) {
            made.push(args);
            return { text: long("r") };
          },
          async model(request, emit) {
            const answer = await beyond.model(request, emit);
            prompts.push(request.messages.map((message) => (message.role === "tool" ? "" : message.text)));
            if (answer.toolCalls.length === 0) return { ...answer, text: long("a"), reasoning: long("b") };
            const toolCalls = answer.toolCalls.map((call) => ({ ...call, args: { q: long("q") } }));
            return { ...answer, text: long("t"), toolCalls };
          },
        },
      );
      const run = await makeRun(get(), journal, "large", { text: long("i") });
      const decide = async (answer: Json): Promise<void> => {
        const [asked] = [...beyond.questions];
        if (!asked) throw new Error("Nobody is asked.");
        const [approvalId, { ask }] = asked;
        beyond.questions.delete(approvalId);
        // People are shown, and decide on, the whole of what the hash is of.
        expect(ask.hash).toBe(hashOf(ask.canonical));
        expect(ask.canonical.length).toBeGreaterThan(100_000);
        if (ask.call) expect(JSON.parse(ask.canonical)).toMatchObject({ args: ask.call.args });
        else expect(ask.canonical).toContain(canonicalJson({ details: ask.details }).slice(1, -1));
        const decision = { decision: "approve", by: null, comment: "", answer: answer as null };
        await journal.signal(run, `decision:${approvalId}`, { kind: "approval", approvalId, ...decision });
      };
      await worker.engine.drive(run);
      await decide(null);
      // A worker that has seen nothing of it goes on.
      const next = await get().worker();
      const second = engineFor(
        next,
        flow,
        { look: { risk: "high" } },
        {
          ...beyond,
          call: async ({ args }) => {
            made.push(args);
            return { text: long("r") };
          },
          async model(request, emit) {
            prompts.push(request.messages.map((message) => (message.role === "tool" ? "" : message.text)));
            return { ...(await beyond.model(request, emit)), text: long("a"), toolCalls: [] };
          },
        },
      );
      await second.engine.drive(run);
      await decide({ why: long("w") });
      await second.engine.drive(run);

      const state = await stateOf(journal, run);
      expect(state.phase).toMatchObject({ outcome: "succeeded", outputs: { size: 300_000 } });
      expect(made).toEqual([{ q: long("q") }]);
      expect(prompts).toEqual([[long("i")], [long("i"), long("t"), ""]]);
      for (const { body } of await eventsOf(journal, run)) {
        expect(JSON.stringify(body).length, body.type).toBeLessThan(largestInline);
      }
      expect(isBlobRef(state.inputs["text"])).toBe(true);
      expect(state.tasks["gate"]?.approvals[0]?.ask.hash).toHaveLength(8);
    });
  });
}
