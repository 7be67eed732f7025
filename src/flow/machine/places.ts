import { isBlobRef, type Json } from "#base/index.ts";
import type { RunEventBody, StoredMessage, Text, ToolCall, Value } from "./events.ts";

/** What stands in a place, or what shall stand there in its stead: the same kind of value, or a reference. */
export type Replace = <T extends Value | Text>(value: T) => T;

/**
 * The event with every place that may hold a reference to a large value put through `replace`, always in the same
 * order. References that stand there already are left alone. The same object where nothing was replaced is not promised.
 */
export function mapPlaces(event: RunEventBody, replace: Replace): RunEventBody {
  const put: Replace = (value) => (isBlobRef(value) ? value : replace(value));
  switch (event.type) {
    case "run-started":
      return { ...event, inputs: each(event.inputs, put), vars: each(event.vars, put) };
    case "run-finishing": {
      const { stop } = event;
      if (!stop?.outputs) return event;
      return { ...event, stop: { ...stop, outputs: each(stop.outputs, put) } };
    }
    case "run-finished":
      return event.outputs === null ? event : { ...event, outputs: each(event.outputs, put) };
    case "task-started":
      return { ...event, data: put(event.data) };
    case "task-succeeded":
      return { ...event, output: put(event.output) };
    case "variables-set":
      return { ...event, values: each(event.values, put) };
    case "log-written":
      return { ...event, message: put(event.message) };
    case "agent-message-added":
      return { ...event, message: message(event.message, put) };
    case "model-call-finished": {
      const { providerData } = event;
      return {
        ...event,
        text: put(event.text),
        reasoning: put(event.reasoning),
        toolCalls: calls(event.toolCalls, put),
        ...(providerData === undefined ? {} : { providerData: put(providerData) }),
      };
    }
    case "tool-call-begun":
    case "tool-call-denied":
      return { ...event, args: put(event.args) };
    case "memory-read":
      return { ...event, value: put(event.value) };
    case "tool-call-finished":
      return { ...event, result: put(event.result) };
    case "approval-requested": {
      const { ask } = event;
      const call = ask.call === null ? null : { ...ask.call, args: put(ask.call.args) };
      return { ...event, ask: { ...ask, details: put(ask.details), call, canonical: put(ask.canonical) } };
    }
    case "approval-decided":
      return event.answer === null ? event : { ...event, answer: put(event.answer) };
    case "child-requested": {
      const { request } = event;
      const part = request.part && {
        ...request.part,
        items: put(request.part.items),
        tasks: each(request.part.tasks, put),
        error: put(request.part.error),
      };
      return { ...event, request: { ...request, with: put(request.with), part } };
    }
    case "child-ended":
      return { ...event, outputs: put(event.outputs) };
    case "event-received":
      return { ...event, payload: put(event.payload) };
    default:
      return event;
  }
}

/** A message of an agent's conversation, its places put through `replace`. */
function message(given: StoredMessage, put: Replace): StoredMessage {
  switch (given.role) {
    case "user":
      return { ...given, text: put(given.text) };
    case "assistant": {
      const { reasoning, providerData } = given;
      return {
        ...given,
        text: put(given.text),
        ...(reasoning === undefined ? {} : { reasoning: put(reasoning) }),
        toolCalls: calls(given.toolCalls, put),
        ...(providerData === undefined ? {} : { providerData: put(providerData) }),
      };
    }
    case "tool":
      return { ...given, result: put(given.result) };
  }
}

function calls(given: readonly ToolCall[], put: Replace): readonly ToolCall[] {
  return given.map((call) => ({ ...call, args: put(call.args) }));
}

function each<T extends Value>(values: Readonly<Record<string, T>>, put: Replace): Record<string, T> {
  const result: Record<string, T> = {};
  for (const [name, value] of Object.entries(values)) result[name] = put(value);
  return result;
}

const escapes = /\\(?:u[\da-f]{0,3})?$/i;

/** The beginning of a text of which only the reference is at hand; the text itself where it is at hand. */
export function beginningOf(text: Text): string {
  if (!isBlobRef(text)) return text;
  const { preview } = text.$blob;
  if (!preview.startsWith('"')) return preview;
  try {
    return JSON.parse(`${preview.replace(escapes, "")}"`) as Json as string;
  } catch {
    return preview.slice(1);
  }
}
