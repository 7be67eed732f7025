import { describe, expect, it } from "vitest";
import fc from "fast-check";
import type { JsonObject, WorkspaceId } from "#base/index.ts";
import type { Message } from "#flow/index.ts";
import { createModelCaller } from "../models/caller.ts";
import type { ModelChunk, ModelRequest } from "../spec.ts";

const caller = createModelCaller({
  settings: async () => ({ providers: [], aliases: [] }),
  fetch: () => () => Promise.reject(new Error("The simulated model must not use the network.")),
  simulated: {},
  now: () => 0,
});

function request(partial: Partial<ModelRequest>): ModelRequest {
  return {
    workspace: "ws_test" as WorkspaceId,
    alias: "default",
    instructions: "",
    messages: [],
    tools: [],
    returns: null,
    key: "k",
    signal: new AbortController().signal,
    ...partial,
  };
}

const object = (properties: JsonObject, required: string[] = Object.keys(properties)): JsonObject => ({
  type: "object",
  properties,
  required,
});
const user = (text: string): Message => ({ role: "user", text });

describe("the simulated model", () => {
  it("picks the tool that the prompt speaks of and fills its arguments", async () => {
    const answer = await caller.call(
      request({
        messages: [user("Please look up the parcel with tracking code QX-4471 for me.")],
        tools: [
          {
            name: "weather.forecast",
            description: "Tells the weather of a city",
            inputSchema: object({ city: { type: "string" } }),
          },
          {
            name: "parcels.track",
            description: "Looks up where a parcel is by its tracking code",
            inputSchema: object({ trackingCode: { type: "string" } }),
          },
        ],
      }),
      () => {},
    );
    expect(answer.toolCalls).toEqual([
      { callId: "call_1", tool: "parcels.track", args: { trackingCode: "QX-4471" } },
    ]);
    expect(answer.reasoning).toContain("parcels.track");
    expect(answer.simulated).toBe(true);
    expect(answer.cost).toBe(0);
  });

  it("calls no tool that nobody speaks of", async () => {
    const answer = await caller.call(
      request({
        messages: [user("Greet Ada")],
        tools: [{ name: "pay.refund", description: "Pays money back", inputSchema: object({}) }],
      }),
      () => {},
    );
    expect(answer.toolCalls).toEqual([]);
    expect(answer.text).toContain("Ada");
  });

  it("takes later arguments from earlier results and answers by schema from them", async () => {
    const tools = [
      {
        name: "boats.find",
        description: "Finds a boat by its name",
        inputSchema: object({ name: { type: "string" } }),
      },
      {
        name: "berths.assign",
        description: "Assigns a berth to a boat of a length",
        inputSchema: object({ registration: { type: "string" }, length: { type: "number" } }),
      },
    ];
    const messages: Message[] = [user('Find the boat "Petrel" and assign it a berth.')];
    const first = await caller.call(request({ messages, tools }), () => {});
    expect(first.toolCalls[0]?.tool).toBe("boats.find");
    expect(first.toolCalls[0]?.args).toEqual({ name: "Petrel" });
    messages.push(
      { role: "assistant", text: "", toolCalls: first.toolCalls },
      {
        role: "tool",
        callId: "call_1",
        tool: "boats.find",
        result: { registration: "NL-88", length: 11.5 },
        isError: false,
      },
    );
    const second = await caller.call(request({ messages, tools }), () => {});
    expect(second.toolCalls[0]).toMatchObject({
      tool: "berths.assign",
      args: { registration: "NL-88", length: 11.5 },
    });
    messages.push(
      { role: "assistant", text: "", toolCalls: second.toolCalls },
      { role: "tool", callId: "call_2", tool: "berths.assign", result: { berth: "C14" }, isError: false },
    );
    const last = await caller.call(
      request({
        messages,
        tools,
        returns: object({
          berth: { type: "string" },
          boatLength: { type: "number" },
          status: { enum: ["assigned", "waiting"] },
        }),
      }),
      () => {},
    );
    expect(JSON.parse(last.text)).toEqual({ berth: "C14", boatLength: 11.5, status: "assigned" });
  });

  it("reads money and numbers out of prose", async () => {
    const answer = await caller.call(
      request({
        messages: [user("Order 7 arrived broken, I would like my 40 EUR back.")],
        returns: object({
          order: { type: "string" },
          amount: { type: "number" },
          category: { enum: ["shipping", "refund", "other"] },
        }),
      }),
      () => {},
    );
    expect(JSON.parse(answer.text)).toEqual({ order: "7", amount: 40, category: "other" });
  });

  it("reads a number before its word, and takes a number that was said before it makes one up", async () => {
    const answer = await caller.call(
      request({
        messages: [user("The yacht is 11.5 m long and stays for 3 nights from 2026-12-01.")],
        returns: object({ nights: { type: "number", minimum: 1 }, length: { type: "number" } }),
      }),
      () => {},
    );
    expect(JSON.parse(answer.text)).toEqual({ nights: 3, length: 11.5 });
  });

  it("hands a file reference on to a tool that takes a file", async () => {
    const file = { $file: { id: "file_1", name: "a.log", mediaType: "text/plain", bytes: 3, hash: "x" } };
    const answer = await caller.call(
      request({
        messages: [{ role: "user", text: "Read the log file", files: [file] }],
        tools: [
          {
            name: "files.read",
            description: "Reads a file",
            inputSchema: object({ file: object({ $file: { type: "object" } }) }),
          },
        ],
      }),
      () => {},
    );
    expect(answer.toolCalls[0]?.args).toEqual({ file });
  });

  it("takes the example that was spoken of, or any example before it makes something up", async () => {
    const answer = await caller.call(
      request({
        messages: [user("Query the catalogue and tell the harbour master about boats")],
        tools: [
          {
            name: "catalogue.query",
            description: "Queries the catalogue",
            inputSchema: object({
              sql: { type: "string", examples: ["SELECT * FROM data LIMIT 10"] },
              table: { type: "string", examples: ["berths", "boats"] },
            }),
          },
        ],
      }),
      () => {},
    );
    expect(answer.toolCalls[0]?.args).toEqual({ sql: "SELECT * FROM data LIMIT 10", table: "boats" });
  });

  it("does not repeat a call that was denied", async () => {
    const tools = [
      {
        name: "pay.refund",
        description: "Refunds money",
        inputSchema: object({ amount: { type: "number" } }),
      },
    ];
    const answer = await caller.call(
      request({
        messages: [
          user("Refund 12 EUR"),
          {
            role: "assistant",
            text: "",
            toolCalls: [{ callId: "a", tool: "pay.refund", args: { amount: 12 } }],
          },
          { role: "tool", callId: "a", tool: "pay.refund", result: "A person said no.", isError: true },
        ],
        tools,
      }),
      () => {},
    );
    expect(answer.toolCalls).toEqual([]);
    expect(answer.text).toContain("A person said no");
  });

  it("streams its words as UI message stream parts that add up to the answer", async () => {
    const chunks: ModelChunk[] = [];
    const answer = await caller.call(request({ messages: [user("Greet Grace")] }), (chunk) =>
      chunks.push(chunk),
    );
    const deltas = (type: string) =>
      chunks.flatMap((chunk) =>
        (chunk as { type: string }).type === type ? [(chunk as { delta: string }).delta] : [],
      );
    expect(deltas("text-delta").join("")).toBe(answer.text);
    expect(deltas("reasoning-delta").join("")).toBe(answer.reasoning);
    expect(deltas("reasoning-delta").length).toBeGreaterThan(3);
    expect(chunks.at(-1)).toEqual({ type: "finish" });
  });

  it("says the same for the same conversation, whatever the prompt", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 200 }), async (text) => {
        const asked = request({
          messages: [user(text)],
          returns: object({ n: { type: "integer", minimum: 3 }, text: { type: "string" } }),
        });
        const first = await caller.call(asked, () => {});
        const second = await caller.call(asked, () => {});
        expect(second).toEqual(first);
        const value = JSON.parse(first.text) as { n: number; text: string };
        expect(value.n).toBeGreaterThanOrEqual(3);
        expect(typeof value.text).toBe("string");
      }),
      { numRuns: 40 },
    );
  });

  it("of many tools with one first name, calls those whose verb is spoken of", async () => {
    const key = { type: "string", pattern: "^(run|flow|workspace):[a-z.]+$" };
    const offered = [
      ["memory.get", "Reads one entry of shared memory by its key", object({ key })],
      ["memory.set", "Remembers a value in shared memory", object({ key, value: { type: "string" } })],
      ["memory.list", "Lists the keys of shared memory", object({ prefix: { type: "string" } })],
      ["memory.forget", "Removes an entry from shared memory", object({ key })],
    ] as const;
    const tools = offered.map(([name, description, inputSchema]) => ({ name, description, inputSchema }));
    const calls = async (text: string) =>
      (await caller.call(request({ messages: [user(text)], tools }), () => {})).toolCalls;
    expect(await calls("Read flow:desk.policy from memory, and answer.")).toEqual([
      { callId: "call_1", tool: "memory.get", args: { key: "flow:desk.policy" } },
    ]);
    expect(await calls('Remember "30 days" in the memory workspace:policy.')).toMatchObject([
      { tool: "memory.set", args: { key: "workspace:policy", value: "30 days" } },
    ]);
    expect(await calls("Say what shared memory is.")).toEqual([]);
  });
});
