import { isObject, type Json } from "#base/index.ts";
import { memoryGrantOf, memoryRefusal } from "../../language/memory.ts";
import { rememberTool } from "../names.ts";
import { effectKey } from "../paths.ts";
import { emitCall } from "../sandbox/answer.ts";
import { callOutcome } from "./call.ts";
import { failed, type Head, open } from "./head.ts";

const callId = "remember";

/** Writes entries into shared memory. Its output is what it wrote, by key. */
export const remember: Head<"remember"> = {
  kind: "remember",
  start(walk, task, path) {
    const entries: Record<string, Json> = {};
    for (const [key, value] of Object.entries(task.entries)) {
      entries[walk.text(key, path)] = walk.fill(value, path);
    }
    return { label: Object.keys(entries).join(", "), data: { entries } };
  },
  advance(walk, task, path) {
    const state = walk.at(path);
    const effect = state.effects.at(-1);
    if (effect) return callOutcome(walk, path, effect, null);
    const data = walk.open(state.data);
    const entries =
      isObject(data) && isObject(data["entries"]) ? (data["entries"] as Record<string, Json>) : {};
    const grant = memoryGrantOf(walk.context.flow, null);
    for (const key of Object.keys(entries)) {
      const refusal = memoryRefusal(grant, "write", key);
      if (refusal !== undefined) {
        return failed(
          "forbidden",
          refusal,
          "Add the key to memory.write of the flow or of one of its agents.",
        );
      }
    }
    const { as, tags, expires } = task;
    emitCall(walk, {
      path,
      attempt: state.attempt,
      step: 1,
      callId,
      key: effectKey(walk.context.runId, path, state.attempt, 1, callId),
      tool: rememberTool,
      args: { entries, as, tags: [...tags], ...(expires === undefined ? {} : { expiresInMs: expires }) },
      risk: "low",
      agent: null,
      approvedHash: null,
    });
    return open;
  },
};
