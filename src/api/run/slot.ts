import { BatonError, messageOf, type JsonObject } from "#base/index.ts";
import { evaluateTemplate, textOfValue, type Flow } from "#flow/index.ts";
import type { NewRun } from "#journal/index.ts";

/** The place that a run with these inputs needs among the runs of its flow, where the flow limits them. */
export function slotOf({ concurrency }: Flow, inputs: JsonObject): NewRun["slot"] {
  if (!concurrency) return undefined;
  const { key: template = "", limit, onFull } = concurrency;
  try {
    return { key: textOfValue(evaluateTemplate(template, { inputs })), limit, onFull };
  } catch (error) {
    throw new BatonError(
      "bad-input",
      `The key of the flow's concurrency can't be worked out. ${messageOf(error)}`,
      { hint: "Correct concurrency.key of the flow, or give the inputs that it reads." },
    );
  }
}
