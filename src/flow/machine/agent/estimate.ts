import { isBlobRef, type JsonObject } from "#base/index.ts";
import type { ToolFacts } from "../contract.ts";
import type { StoredMessage, Value } from "../events.ts";

/** A tool's result up to this many bytes is shown to a model whole; of a larger one its beginning. */
export const shownBytes = 131_072;
/** What stands in a conversation for a result that is left out. */
export const leftOutMarker =
  "This result is left out, because the conversation would not fit into the model otherwise. Call the tool again if it is needed.";

/** Tokens around a message that are none of its words. */
const aroundMessage = 8;
/** Of common tokenizers, English text takes four characters a token and JSON three: the estimate keeps to the latter. */
const charactersPerToken = 3;

/**
 * Tokens that a text has, estimated on the high side: three ASCII characters make one, each other character is one by
 * itself.
 */
export function tokensOfText(text: string): number {
  let others = 0;
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 127) others += 1;
  return Math.ceil((text.length - others) / charactersPerToken) + others;
}

function tokensOfValue(value: Value, most = Number.POSITIVE_INFINITY): number {
  if (!isBlobRef(value)) return tokensOfText(typeof value === "string" ? value : JSON.stringify(value));
  const { bytes, preview } = value.$blob;
  return bytes <= most ? Math.ceil(bytes / charactersPerToken) : tokensOfText(JSON.stringify(preview)) + 40;
}

const messages = new WeakMap<StoredMessage, number>();

/** Tokens that a message of a conversation has, estimated. Counted once. */
export function tokensOfMessage(message: StoredMessage): number {
  let tokens = messages.get(message);
  if (tokens === undefined) {
    tokens = aroundMessage + countMessage(message);
    messages.set(message, tokens);
  }
  return tokens;
}

/** What leaving a tool's result out saves. */
export function tokensSaved(message: StoredMessage): number {
  return Math.max(0, tokensOfMessage(message) - aroundMessage - tokensOfText(leftOutMarker));
}

function countMessage(message: StoredMessage): number {
  switch (message.role) {
    case "user":
      return tokensOfValue(message.text) + (message.files ? tokensOfValue([...message.files]) : 0);
    case "assistant": {
      const calls = message.toolCalls.reduce(
        (sum, call) => sum + aroundMessage + tokensOfText(call.tool) + tokensOfValue(call.args),
        0,
      );
      // Reasoning goes back with the provider's signature only.
      const { providerData, reasoning } = message;
      const signed =
        providerData === undefined ? 0 : tokensOfValue(providerData) + tokensOfValue(reasoning ?? "");
      return tokensOfValue(message.text) + calls + signed;
    }
    case "tool":
      return tokensOfValue(message.result, shownBytes);
  }
}

const schemas = new WeakMap<JsonObject, number>();

/** Tokens of a JSON Schema, counted once. */
export function tokensOfSchema(schema: JsonObject): number {
  let tokens = schemas.get(schema);
  if (tokens === undefined) {
    tokens = tokensOfText(JSON.stringify(schema));
    schemas.set(schema, tokens);
  }
  return tokens;
}

/** Tokens that offering a tool takes. */
export function tokensOfTool({ name, description, inputSchema }: ToolFacts): number {
  return aroundMessage + tokensOfText(name) + tokensOfText(description) + tokensOfSchema(inputSchema);
}
