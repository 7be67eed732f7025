import type { LanguageModelV4 } from "@ai-sdk/provider";
import { jsonSchema, streamText, tool } from "ai";
import { median } from "./figures.ts";

/** Milliseconds of one bare `streamText` call with this model, read to its end: what no engine around it can save. */
export async function streamTextCost(model: () => LanguageModelV4, rounds: number): Promise<number> {
  const found: number[] = [];
  for (let round = 0; round < rounds + 2; round += 1) {
    const before = performance.now();
    for (let i = 0; i < 50; i += 1) await call(model());
    if (round >= 2) found.push((performance.now() - before) / 50);
  }
  return median(found);
}

async function call(model: LanguageModelV4): Promise<void> {
  const result = streamText({
    model,
    instructions: "Tell everyone.",
    messages: [{ role: "user", content: "Tell the admins three things." }],
    tools: {
      notify: tool({
        description: "Tells members something.",
        inputSchema: jsonSchema({
          type: "object",
          properties: { to: { type: "string" }, text: { type: "string" } },
        }),
      }),
    },
    maxRetries: 0,
  });
  for await (const part of result.stream) if (part.type === "error") throw part.error;
  await result.finalStep;
}
