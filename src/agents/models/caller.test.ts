import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { BatonError, type WorkspaceId } from "#base/index.ts";
import type { ModelRequest } from "../spec.ts";
import { createModelCaller } from "./caller.ts";
import { costOf } from "./prices.ts";
import { modelError, retryAfter } from "./errors.ts";
import { modelMessages } from "./messages.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

type Handler = (request: IncomingMessage, response: ServerResponse, body: Record<string, unknown>) => void;

/** A server that speaks a provider's wire format on a free port. */
async function serve(handler: Handler): Promise<string> {
  const listening = createServer((request, response) => {
    let text = "";
    request.on("data", (data: Buffer) => (text += data.toString()));
    request.on("end", () =>
      handler(request, response, JSON.parse(text === "" ? "{}" : text) as Record<string, unknown>),
    );
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}/v1`;
}

function sse(response: ServerResponse, events: readonly unknown[], named = false): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const event of events) {
    if (named) response.write(`event: ${(event as { type: string }).type}\n`);
    response.write(`data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`);
  }
  response.end();
}

function callerFor(
  provider: string,
  baseUrl: string,
  extra: { silenceMs?: number; apiKey?: string | null } = {},
) {
  return createModelCaller({
    settings: async () => ({
      providers: [{ provider, baseUrl, apiKey: extra.apiKey === undefined ? "sk-test" : extra.apiKey }],
      aliases: [{ alias: "default", provider, model: "gpt-4o-mini" }],
    }),
    fetch: () => globalThis.fetch,
    simulated: {},
    now: () => 0,
    ...(extra.silenceMs === undefined ? {} : { silenceMs: extra.silenceMs }),
  });
}

const request = (partial: Partial<ModelRequest> = {}): ModelRequest => ({
  workspace: "ws_test" as WorkspaceId,
  alias: "smart",
  instructions: "Be brief.",
  messages: [{ role: "user", text: "Find order 7" }],
  tools: [
    {
      name: "orders.lookup",
      description: "Finds an order",
      inputSchema: { type: "object", properties: { order: { type: "string" } } },
    },
  ],
  returns: null,
  key: "key-1",
  signal: new AbortController().signal,
  ...partial,
});

const chunk = (delta: unknown, finish: string | null = null) => ({
  id: "1",
  object: "chat.completion.chunk",
  created: 1,
  model: "gpt-4o-mini",
  choices: [{ index: 0, delta, finish_reason: finish }],
});

describe("an OpenAI-compatible server", () => {
  it("is spoken to with encoded tool names; its calls come back under the real ones", async () => {
    let seen: Record<string, unknown> = {};
    const url = await serve((_, response, body) => {
      seen = body;
      sse(response, [
        chunk({ role: "assistant", content: "I look. " }),
        chunk({
          tool_calls: [
            { index: 0, id: "c1", type: "function", function: { name: "orders_lookup", arguments: '{"ord' } },
          ],
        }),
        chunk({ tool_calls: [{ index: 0, function: { arguments: 'er":"7"}' } }] }),
        chunk({}, "tool_calls"),
        {
          ...chunk({}),
          choices: [],
          usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
        },
        "[DONE]",
      ]);
    });
    const answer = await callerFor("openai-compatible", url).call(request(), () => {});
    expect(answer.toolCalls).toEqual([{ callId: "c1", tool: "orders.lookup", args: { order: "7" } }]);
    expect(answer.text).toBe("I look. ");
    expect(answer.usage).toMatchObject({ inputTokens: 100, outputTokens: 20 });
    expect(answer.cost).toBe("unknown");
    expect(JSON.stringify(seen["tools"])).toContain("orders_lookup");
  });

  it("that rate-limits is told so, with its Retry-After", async () => {
    const url = await serve((_, response) => {
      response.writeHead(429, { "retry-after": "7", "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: "slow down" } }));
    });
    const error = await callerFor("openai-compatible", url)
      .call(request(), () => {})
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "rate-limited", retryAfterMs: 7000 });
  });

  it("that fails is unavailable; that refuses the key is misconfigured", async () => {
    for (const [status, code] of [
      [503, "unavailable"],
      [401, "misconfigured"],
      [404, "misconfigured"],
      [400, "bad-input"],
    ] as const) {
      const url = await serve((_, response) => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify({ error: { message: "no" } }));
      });
      const error = await callerFor("openai-compatible", url)
        .call(request(), () => {})
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code });
      server?.close();
    }
  });

  it("that sends garbage as arguments or as the whole stream never crashes the call", async () => {
    const url = await serve((_, response) => {
      sse(response, [
        chunk({
          tool_calls: [
            {
              index: 0,
              id: "c1",
              type: "function",
              function: { name: "orders_lookup", arguments: "{not json" },
            },
          ],
        }),
        chunk({}, "tool_calls"),
        "[DONE]",
      ]);
    });
    const answer = await callerFor("openai-compatible", url).call(request(), () => {});
    expect(answer.toolCalls[0]?.tool).toBe("orders.lookup");
    expect(typeof answer.toolCalls[0]?.args).toBe("string");
    server?.close();
    const broken = await serve((_, response) => sse(response, ["<html>gateway</html>"]));
    const error = await callerFor("openai-compatible", broken)
      .call(request(), () => {})
      .catch((thrown: unknown) => thrown);
    expect(BatonError.isInstance(error)).toBe(true);
  });

  it("that falls silent in mid-stream times out", async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`data: ${JSON.stringify(chunk({ role: "assistant", content: "I" }))}\n\n`);
    });
    const error = await callerFor("openai-compatible", url, { silenceMs: 50 })
      .call(request(), () => {})
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "timeout" });
  });

  it("is left when the signal aborts", async () => {
    const abort = new AbortController();
    const url = await serve((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`data: ${JSON.stringify(chunk({ role: "assistant", content: "I" }))}\n\n`);
    });
    const error = await callerFor("openai-compatible", url)
      .call(request({ signal: abort.signal }), (part) => {
        if ((part as { type: string }).type === "text-delta") abort.abort();
      })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "cancelled" });
  });

  it("needs an address", async () => {
    const caller = createModelCaller({
      settings: async () => ({
        providers: [],
        aliases: [{ alias: "default", provider: "openai-compatible", model: "m" }],
      }),
      fetch: () => globalThis.fetch,
      simulated: {},
      now: () => 0,
    });
    await expect(caller.call(request(), () => {})).rejects.toMatchObject({ code: "misconfigured" });
  });
});

describe("OpenAI", () => {
  it("speaks the Responses format and is priced", async () => {
    const url = await serve((incoming, response) => {
      expect(incoming.headers.authorization).toBe("Bearer sk-test");
      const base = { id: "r1", created_at: 1, model: "gpt-4o-mini" };
      sse(response, [
        { type: "response.created", response: base },
        { type: "response.output_item.added", output_index: 0, item: { type: "message", id: "m1" } },
        { type: "response.output_text.delta", item_id: "m1", output_index: 0, delta: "Hello" },
        { type: "response.output_item.done", output_index: 0, item: { type: "message", id: "m1" } },
        {
          type: "response.completed",
          response: { ...base, usage: { input_tokens: 1_000_000, output_tokens: 1_000_000 } },
        },
      ]);
    });
    const answer = await callerFor("openai", url).call(request({ tools: [] }), () => {});
    expect(answer.text).toBe("Hello");
    expect(answer.cost).toBeCloseTo(0.75);
  });

  it("without a key says what to do", async () => {
    const url = "http://127.0.0.1:9/v1";
    await expect(callerFor("openai", url, { apiKey: null }).call(request(), () => {})).rejects.toMatchObject({
      code: "misconfigured",
      hint: expect.stringContaining("Settings") as string,
    });
  });
});

describe("Anthropic", () => {
  it("speaks the Messages format, and sends signed reasoning back", async () => {
    const bodies: Record<string, unknown>[] = [];
    const url = await serve((incoming, response, body) => {
      expect(incoming.headers["x-api-key"]).toBe("sk-test");
      bodies.push(body);
      sse(
        response,
        [
          {
            type: "message_start",
            message: {
              id: "m",
              type: "message",
              role: "assistant",
              model: "claude",
              content: [],
              stop_reason: null,
              stop_sequence: null,
              usage: { input_tokens: 10, output_tokens: 0 },
            },
          },
          {
            type: "content_block_start",
            index: 0,
            content_block: { type: "thinking", thinking: "", signature: "" },
          },
          { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "Hm." } },
          { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "sig" } },
          { type: "content_block_stop", index: 0 },
          {
            type: "content_block_start",
            index: 1,
            content_block: { type: "tool_use", id: "t1", name: "orders_lookup", input: {} },
          },
          {
            type: "content_block_delta",
            index: 1,
            delta: { type: "input_json_delta", partial_json: '{"order":"7"}' },
          },
          { type: "content_block_stop", index: 1 },
          {
            type: "message_delta",
            delta: { stop_reason: "tool_use", stop_sequence: null },
            usage: { output_tokens: 5 },
          },
          { type: "message_stop" },
        ],
        true,
      );
    });
    const caller = callerFor("anthropic", url);
    const first = await caller.call(request(), () => {});
    expect(first.reasoning).toBe("Hm.");
    expect(first.toolCalls).toEqual([{ callId: "t1", tool: "orders.lookup", args: { order: "7" } }]);
    await caller.call(
      request({
        messages: [
          { role: "user", text: "Find order 7" },
          {
            role: "assistant",
            text: "",
            reasoning: first.reasoning,
            toolCalls: first.toolCalls,
            ...(first.providerData === undefined ? {} : { providerData: first.providerData }),
          },
          { role: "tool", callId: "t1", tool: "orders.lookup", result: { found: true }, isError: false },
        ],
      }),
      () => {},
    );
    expect(JSON.stringify(bodies[1])).toContain('"signature":"sig"');
    expect(JSON.stringify(bodies[1])).toContain("tool_result");
  });
});

describe("prices", () => {
  it("find dated versions, and are unknown rather than zero", () => {
    const usage = { inputTokens: 1_000_000, outputTokens: 0 };
    expect(costOf("openai", "gpt-4o-mini-2024-07-18", usage)).toBeCloseTo(0.15);
    expect(costOf("openai", "gpt-99", usage)).toBe("unknown");
    expect(costOf("openai", "gpt-4o", { inputTokens: 5 })).toBe("unknown");
    expect(
      costOf("openai", "gpt-4o", { inputTokens: 1_000_000, cachedInputTokens: 1_000_000, outputTokens: 0 }),
    ).toBeCloseTo(1.25);
  });

  it("Retry-After is read as seconds, as a date, and in milliseconds", () => {
    expect(retryAfter({ "retry-after": "2" }, 0)).toBe(2000);
    expect(retryAfter({ "retry-after": "Thu, 01 Jan 1970 00:00:05 GMT" }, 1000)).toBe(4000);
    expect(retryAfter({ "retry-after-ms": "150" }, 0)).toBe(150);
    expect(retryAfter({}, 0)).toBeUndefined();
  });
});

describe("a conversation as providers take it", () => {
  const call = { callId: "c", tool: "look", args: "{ no json" };

  it("holds no answer without words and calls, and no arguments that are no object", () => {
    const messages = modelMessages(
      [
        { role: "user", text: "Go" },
        { role: "assistant", text: " \n", toolCalls: [] },
        { role: "user", text: "The answer is empty." },
        { role: "assistant", text: "", toolCalls: [call] },
        { role: "tool", callId: "c", tool: "look", result: "Not what look takes.", isError: true },
      ],
      (name) => name,
    );
    expect(messages.map(({ role }) => role)).toEqual(["user", "user", "assistant", "tool"]);
    expect(messages[2]?.content).toEqual([
      { type: "tool-call", toolCallId: "c", toolName: "look", input: {} },
    ]);
  });
});

describe("an error within a stream", () => {
  it.each([
    [{ type: "error", error: { type: "overloaded_error", message: "Overloaded" } }],
    [{ type: "overloaded_error", message: "Overloaded" }],
    ["Overloaded"],
    [new Error("Overloaded")],
  ])("is told in the provider's words: %j", (error) => {
    expect(modelError(error, "m", 0)).toMatchObject({
      code: "unavailable",
      message: "The call to m failed: Overloaded",
    });
  });
});
