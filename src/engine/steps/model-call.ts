import { BatonError, isBlobRef, isObject, type Json } from "#base/index.ts";
import type { AgentTask, Message, StoredMessage, Value } from "#flow/index.ts";
import { definitionAt, grantedTools, leftOutMarker, shownBytes } from "#flow/machine/index.ts";
import { createStream } from "../stream.ts";
import type { Blobs } from "../values.ts";
import type { Step, StepContext } from "./step.ts";

/** One model call with the agent's conversation so far; its chunks go to the stream named by the effect's key. */
export const modelCall: Step<"model-call"> = async (obligation, context) => {
  const { options, workspace, flow, catalog, state, signal } = context;
  const { key, path } = obligation;
  const task = state.tasks[path];
  const definition = definitionAt(flow, path);
  const agent = flow.agents[obligation.agent];
  if (!task || !agent || definition?.kind !== "agent") {
    throw new BatonError("internal", `The flow has no agent task at "${path}".`);
  }
  const data = await context.blobs.open(task.data);
  const instructions = isObject(data) && typeof data["instructions"] === "string" ? data["instructions"] : "";
  const tools = grantedTools(agent, catalog.names()).flatMap((name) => {
    const facts = catalog.get(name);
    return facts ? [{ name, description: facts.description, inputSchema: facts.inputSchema }] : [];
  });
  const stream = await streamFor(key, context);
  try {
    const answer = await options.models.call(
      {
        workspace,
        alias: agent.model,
        instructions,
        messages: await messagesFor(withoutOldest(task.messages, obligation.leftOut ?? 0), context.blobs),
        tools,
        returns: returnsOf(definition),
        ...(obligation.maxOutputTokens === undefined ? {} : { maxOutputTokens: obligation.maxOutputTokens }),
        key,
        signal,
      },
      (chunk) => stream.write(chunk),
    );
    return { kind: "model-finished", key, ...answer };
  } finally {
    // The stream is a view of the call: its outcome does not wait until the last chunk was written.
    void stream.end();
  }
};

function returnsOf(task: AgentTask): NonNullable<AgentTask["returns"]>["schema"] | null {
  return task.returns?.schema ?? null;
}

/** A repeated call goes on behind the chunks that the lost one left. */
async function streamFor(key: string, context: StepContext): Promise<ReturnType<typeof createStream>> {
  const { options, run, again, redaction } = context;
  const from = again ? ((await options.journal.readChunks(run, key, 0)).at(-1)?.n ?? -1) + 1 : 0;
  return createStream({
    from,
    redaction,
    write: (at, chunks) => options.journal.writeChunks(run, context.epoch(), key, at, chunks),
    onOpen: () => context.onStream(key),
    onProblem: (error) => options.onProblem?.({ run, error }),
  });
}

/** The conversation with a marker in place of the oldest results of tools. */
function withoutOldest(messages: readonly StoredMessage[], leftOut: number): readonly StoredMessage[] {
  let left = leftOut;
  if (left === 0) return messages;
  return messages.map((message) => {
    if (message.role !== "tool" || left === 0) return message;
    left -= 1;
    return { ...message, result: leftOutMarker };
  });
}

/** The conversation with what is large opened or, where a result is too large to be read, cut. */
function messagesFor(messages: readonly StoredMessage[], blobs: Blobs): Promise<readonly Message[]> {
  return Promise.all(
    messages.map(async (message): Promise<Message> => {
      switch (message.role) {
        case "user":
          return { ...message, text: await blobs.openText(message.text) };
        case "assistant": {
          const { reasoning, providerData, ...rest } = message;
          return {
            ...rest,
            text: await blobs.openText(message.text),
            toolCalls: await Promise.all(
              message.toolCalls.map(async (call) => ({ ...call, args: await blobs.open(call.args) })),
            ),
            ...(reasoning === undefined ? {} : { reasoning: await blobs.openText(reasoning) }),
            ...(providerData === undefined ? {} : { providerData: await blobs.open(providerData) }),
          };
        }
        case "tool":
          return isBlobRef(message.result)
            ? { ...message, result: await shown(message.result, blobs) }
            : message;
      }
    }),
  );
}

async function shown(result: Value, blobs: Blobs): Promise<Json> {
  if (!isBlobRef(result)) return result as Json;
  const { bytes, preview } = result.$blob;
  if (bytes <= shownBytes) return blobs.open(result);
  return { truncated: `The result has ${bytes} bytes; this is its beginning.`, beginning: preview };
}
