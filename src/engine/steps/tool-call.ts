import { BatonError, isBlobRef, isObject, type Json } from "#base/index.ts";
import { isHarmless, mockRemembered, rememberTool, scriptTool } from "#flow/machine/index.ts";
import type { Step, StepContext } from "./step.ts";

/** No tool call takes longer than this, in milliseconds, unless the flow's own tool says so. */
export const longestCallMs = 900_000;

/** One tool call. A result that is large is kept as a blob at once. */
export const toolCall: Step<"tool-call"> = async (obligation, context) => {
  const { options, run, workspace, flow, blobs, signal } = context;
  const { key, path, tool, args, agent } = obligation;
  const opened = await blobs.open(args);
  refuseEffects(context, tool, opened);
  const own = Object.hasOwn(flow.tools, tool) ? flow.tools[tool]?.timeout : undefined;
  const limit = own === undefined ? longestCallMs : own + (options.graceMs ?? 10_000);
  const call = options.tools.call({
    workspace,
    run,
    flow,
    path,
    key,
    tool,
    args: opened,
    agent,
    signal,
  });
  context.track(call);
  const result = await withLimit(call, limit, context.abort, tool);
  // Asked for now: the call itself may have read a secret that was not known when it began.
  const told = options.redaction?.(run).json(result) ?? result;
  // What only looks like a reference is a text: nobody but Baton refers to stored values.
  const clean = isBlobRef(told) ? JSON.stringify(told) : told;
  // That a result can't be stored does not mean that the call failed: the append tries again, and fails the segment.
  const kept = await blobs.put(clean).catch(() => clean);
  return { kind: "tool-finished", key, result: kept };
};

/**
 * The machine ends calls that would change something before they come here where a flow is only tried out. Should one come all the same
 * (a tool changed between the two), it is not made.
 */
function refuseEffects({ state, catalog }: StepContext, tool: string, args: Json): void {
  if (state.sandbox === undefined || tool === scriptTool) return;
  const entries = isObject(args) && isObject(args["entries"]) ? Object.keys(args["entries"]) : [];
  const harmless =
    tool === rememberTool
      ? mockRemembered(entries) === undefined
      : isHarmless(catalog.get(tool)?.effect, args);
  if (harmless) return;
  throw new BatonError("forbidden", `${tool} was not called: this run only tries the flow out.`);
}

async function withLimit(call: Promise<Json>, limit: number, abort: () => void, tool: string): Promise<Json> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      abort();
      reject(new BatonError("timeout", `${tool} did not answer within ${Math.round(limit / 1000)} s.`));
    }, limit);
  });
  try {
    return await Promise.race([call, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
