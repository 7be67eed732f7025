import { isObject } from "#base/index.ts";

/** A tool call that the model is writing down. */
export type CallInWriting = { readonly callId: string; readonly tool: string; readonly args: string };

/** What a model call has said so far. */
export type Words = {
  readonly reasoning: string;
  readonly text: string;
  readonly calls: readonly CallInWriting[];
  /** Position after the last chunk taken in; reading goes on from here. */
  readonly next: number;
  readonly isOver: boolean;
  /** Why the call has not been made yet: others go first, or the model is out. Null: it has. */
  readonly waits: "waiting" | "out" | null;
};

export const noWords: Words = { reasoning: "", text: "", calls: [], next: 0, isOver: false, waits: null };

/**
 * Takes in a chunk of the AI SDK's UI message stream, the one at position `n`. Two may share a position (text that was
 * held back until it was known to be no secret); one of an earlier position was taken in before and changes nothing.
 */
export function takeChunk(words: Words, n: number, chunk: unknown): Words {
  if (n < words.next - 1 || !isObject(chunk)) return words;
  const after = { ...words, next: n + 1, waits: null };
  const text = (key: string): string => (typeof chunk[key] === "string" ? chunk[key] : "");
  switch (chunk["type"]) {
    case "reasoning-delta":
      return { ...after, reasoning: words.reasoning + text("delta") };
    case "text-delta":
      return { ...after, text: words.text + text("delta") };
    case "tool-input-start":
      return {
        ...after,
        calls: [...words.calls, { callId: text("toolCallId"), tool: text("toolName"), args: "" }],
      };
    case "tool-input-delta":
      return {
        ...after,
        calls: words.calls.map((call) =>
          call.callId === text("toolCallId") ? { ...call, args: call.args + text("inputTextDelta") } : call,
        ),
      };
    case "tool-input-available": {
      const callId = text("toolCallId");
      const args = JSON.stringify(chunk["input"] ?? {});
      const isKnown = words.calls.some((call) => call.callId === callId);
      return {
        ...after,
        calls: isKnown
          ? words.calls.map((call) => (call.callId === callId ? { ...call, args } : call))
          : [...words.calls, { callId, tool: text("toolName"), args }],
      };
    }
    case "data-turn": {
      const data = chunk["data"];
      return { ...after, waits: isObject(data) && data["state"] === "out" ? "out" : "waiting" };
    }
    case "finish":
    case "abort":
    case "error":
      return { ...after, isOver: true };
    default:
      return after;
  }
}
