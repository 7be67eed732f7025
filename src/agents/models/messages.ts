import type { ModelMessage } from "ai";
import { isObject, type Json } from "#base/index.ts";
import type { Message } from "#flow/index.ts";

/**
 * Providers take tool names of letters, digits, "_" and "-" only, at most 64 characters. Answers both directions for
 * the tools of one call; two names that would meet get a number.
 */
export function toolNames(names: readonly string[]): {
  encode(name: string): string;
  decode(name: string): string;
} {
  const encoded = new Map<string, string>();
  const decoded = new Map<string, string>();
  for (const name of names) {
    const plain = name.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 60);
    let candidate = plain;
    for (let n = 2; decoded.has(candidate); n += 1) candidate = `${plain}_${n}`;
    encoded.set(name, candidate);
    decoded.set(candidate, name);
  }
  return {
    encode: (name) => encoded.get(name) ?? name.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 64),
    decode: (name) => decoded.get(name) ?? name,
  };
}

/** A conversation as the AI SDK takes it. */
export function modelMessages(
  messages: readonly Message[],
  encode: (tool: string) => string,
): ModelMessage[] {
  return messages.filter(saysSomething).map((message): ModelMessage => {
    switch (message.role) {
      case "user":
        return {
          role: "user",
          content:
            message.files === undefined || message.files.length === 0
              ? message.text
              : `${message.text}\n\nFiles (give these references to tools that take a file):\n${JSON.stringify({ files: message.files })}`,
        };
      case "assistant": {
        const providerOptions = optionsOf(message.providerData);
        return {
          role: "assistant",
          content: [
            // Reasoning goes back only with the provider's signature: others refuse or bill it.
            ...(message.reasoning !== undefined && message.reasoning !== "" && providerOptions !== undefined
              ? [{ type: "reasoning" as const, text: message.reasoning, providerOptions }]
              : []),
            ...(message.text.trim() === "" ? [] : [{ type: "text" as const, text: message.text }]),
            ...message.toolCalls.map((call) => ({
              type: "tool-call" as const,
              toolCallId: call.callId,
              toolName: encode(call.tool),
              // Arguments that were no JSON stay text in the journal; providers take objects only.
              input: isObject(call.args) ? call.args : {},
            })),
          ],
        };
      }
      case "tool":
        return {
          role: "tool",
          content: [
            {
              type: "tool-result",
              toolCallId: message.callId,
              toolName: encode(message.tool),
              output: outputOf(message.result as Json, message.isError),
            },
          ],
        };
    }
  });
}

/** An answer without words and calls says nothing, and providers refuse a conversation that holds one. */
function saysSomething(message: Message): boolean {
  return message.role !== "assistant" || message.text.trim() !== "" || message.toolCalls.length > 0;
}

type JsonValue = null | string | number | boolean | { [key: string]: JsonValue | undefined } | JsonValue[];

function outputOf(value: Json, isError: boolean) {
  if (typeof value === "string")
    return { type: isError ? ("error-text" as const) : ("text" as const), value };
  return { type: isError ? ("error-json" as const) : ("json" as const), value: value as JsonValue };
}

function optionsOf(data: Json | undefined): Record<string, Record<string, JsonValue>> | undefined {
  return isObject(data) && Object.values(data).every(isObject)
    ? (data as Record<string, Record<string, JsonValue>>)
    : undefined;
}
