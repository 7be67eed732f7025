import { scriptTool } from "../names.ts";
import { effectKey } from "../paths.ts";
import { emitCall } from "../sandbox/answer.ts";
import { failed, type Head, open } from "./head.ts";
import { callOutcome } from "./call.ts";

export const script: Head<"script"> = {
  kind: "script",
  start(walk, task, path) {
    const args = walk.fill(task.with, path);
    const files = task.files.map((file) => walk.fill(file, path));
    return { label: task.language, data: { args, files } };
  },
  advance(walk, task, path) {
    const state = walk.at(path);
    const effect = state.effects.at(-1);
    if (effect) return callOutcome(walk, path, effect, task.returns?.schema ?? null);
    const data = walk.open(state.data);
    if (data === null || typeof data !== "object") return failed("internal", "The script's values are lost.");
    emitCall(walk, {
      path,
      attempt: state.attempt,
      step: 1,
      callId: "script",
      key: effectKey(walk.context.runId, path, state.attempt, 1, "script"),
      tool: scriptTool,
      args: { language: task.language, code: task.code, ...data },
      risk: "low",
      agent: null,
      approvedHash: null,
    });
    return open;
  },
};
