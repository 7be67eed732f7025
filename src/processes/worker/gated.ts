/** Models and tools behind gates: limits that hold over all workers, and no storm at what is out. */
import type { ModelCaller } from "#agents/index.ts";
import { BatonError, isObject, type WorkspaceId } from "#base/index.ts";
import type { EngineTools } from "#engine/index.ts";
import { throughOutage } from "#platform/index.ts";
import { type GateLimits, type Gates, outAfter, type Passage } from "#journal/index.ts";

/** What a workspace's alias stands for, as far as gates go. */
export type GateOf = (
  workspace: WorkspaceId,
  alias: string,
) => Promise<{ readonly provider: string; readonly model: string; readonly limits: GateLimits }>;

/** Errors that say that the other side was not there; all others were its answer, or our own. */
const away: ReadonlySet<string> = new Set(["unavailable", "timeout", "rate-limited"]);

function passageOf(error: unknown): Passage {
  if (!BatonError.isInstance(error)) return { reached: null };
  if (error.code === "cancelled") return { reached: null };
  if (!away.has(error.code)) return { reached: true };
  return {
    reached: false,
    ...(error.retryAfterMs === undefined ? {} : { askedFor: error.retryAfterMs / 1000 }),
  };
}

/**
 * Lets model calls take their turns. While a model is out, one call at a time tries it, at ever longer intervals. The
 * others are postponed, which counts as no try: their runs wait without a worker, which so has room for other runs.
 */
export function gatedModels(models: ModelCaller, gates: Gates, gateOf: GateOf): ModelCaller {
  return {
    async call(request, emit) {
      const { provider, model, limits } = await gateOf(request.workspace, request.alias);
      const name = `model ${request.workspace} ${provider} ${model}`;
      let spoke = false;
      const speak: typeof emit = (chunk) => {
        if (isObject(chunk) && /-(delta|available)$/.test(String(chunk["type"]))) spoke = true;
        emit(chunk);
      };
      const turn = await throughOutage(
        () =>
          gates.turn(
            name,
            limits,
            request.signal,
            () => emit({ type: "data-turn", data: { state: "waiting", model } }),
            lineKey(request.key),
          ),
        { what: "to take a turn at a model", signal: request.signal },
      );
      if ("outMs" in turn) {
        emit({ type: "data-turn", data: { state: "out", model } });
        throw postponed(model, turn.outMs);
      }
      if ("laterMs" in turn) {
        emit({ type: "data-turn", data: { state: "waiting", model } });
        throw inLine(model, turn.laterMs);
      }
      try {
        const answer = await models.call(request, speak);
        const { inputTokens = 0, outputTokens = 0 } = answer.usage;
        await turn.end({ reached: true, used: inputTokens + outputTokens });
        return answer;
      } catch (error) {
        const passage = passageOf(error);
        const failures = await turn.end(passage);
        // It is known to be out: this call only found out whether it is back.
        const isOut = passage.reached === false && failures > outAfter;
        if (!isOut || spoke || request.signal.aborted) throw error;
        throw postponed(model, (passage.askedFor ?? 0) * 1000, error);
      }
    },
  };
}

/** The try of a call is the last part of its key: each try of it stands at the same place in the line. */
function lineKey(key: string): string {
  return key.slice(0, key.lastIndexOf(":"));
}

/** The call is made when its turn has come, and is no try until then. */
function inLine(model: string, retryAfterMs: number): BatonError {
  return new BatonError("rate-limited", `The model ${model} takes no more calls at the moment.`, {
    hint: "The run goes on by itself when its turn has come.",
    retryAfterMs: Math.ceil(retryAfterMs),
    postponed: true,
  });
}

/** The call is made when the model is back, and is no try until then. */
function postponed(model: string, retryAfterMs: number, cause?: unknown): BatonError {
  return new BatonError(
    "unavailable",
    `The model ${model} did not answer the last calls and is left alone for a while.`,
    {
      hint: "The run goes on by itself when the model is back.",
      retryAfterMs: Math.ceil(retryAfterMs),
      postponed: true,
      cause,
    },
  );
}

/**
 * Refuses calls to a tool that is out, at once and with the time after which it is worth trying again; its tasks' own
 * `retry` says how often they do. One call at a time finds out whether it is back.
 */
export function gatedTools(tools: EngineTools, gates: Gates): EngineTools {
  return {
    catalog: (workspace, flow) => tools.catalog(workspace, flow),
    async call(call) {
      const own = Object.hasOwn(call.flow.tools, call.tool);
      // A flow's own tool is known by its flow, and a common one by where it goes.
      const place = own ? call.flow.id : originOf(call.args);
      const name = `tool ${call.workspace} ${call.tool} ${place}`;
      const closedMs = await gates.closedFor(name);
      if (closedMs > 0) {
        const spread = 1 + 0.25 * Math.random();
        throw new BatonError(
          "unavailable",
          `${call.tool} did not answer the last calls and is left alone for a while.`,
          {
            hint: "It is tried again by itself. A retry on the task makes it wait for that.",
            retryAfterMs: Math.ceil(closedMs * spread),
          },
        );
      }
      try {
        const result = await tools.call(call);
        await gates.note(name, { reached: true });
        return result;
      } catch (error) {
        await gates.note(name, passageOf(error));
        throw error;
      }
    },
  };
}

function originOf(args: unknown): string {
  const url = isObject(args) && typeof args["url"] === "string" ? URL.parse(args["url"]) : null;
  return url?.origin ?? "";
}
