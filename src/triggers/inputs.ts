import type { Json } from "#base/index.ts";
import { evaluateTemplate, type ExpressionScope } from "#flow/index.ts";
import type { TriggerRecord } from "./spec.ts";

/** What expressions of every trigger know. `at` is epoch milliseconds. */
export function commonScope(trigger: TriggerRecord, at: number, now: number): ExpressionScope {
  const { id, kind } = trigger.definition;
  return { trigger: { id, kind, at: new Date(at).toISOString() }, now };
}

/**
 * The inputs that a trigger's `with` yields. An optional input that is null counts as left out. Throws an expression
 * error.
 */
export function mapInputs(trigger: TriggerRecord, scope: ExpressionScope): Record<string, Json> {
  const inputs: Record<string, Json> = {};
  for (const [name, template] of Object.entries(trigger.definition.with)) {
    const value = evaluateTemplate(template, scope);
    if (value !== null) inputs[name] = value;
  }
  return inputs;
}
