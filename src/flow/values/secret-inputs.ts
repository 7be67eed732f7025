import { isObject, type Json, type SecretRef } from "#base/index.ts";
import type { Flow } from "../language/definition.ts";

/** How a run's own secrets are named, so that no name of the workspace's secrets can be meant: these have no colon. */
const prefix = "inputs:";

/** The reference that stands in the place of what was given in a secret input. */
export function inputSecret(name: string): SecretRef {
  return { $secret: `${prefix}${name}` };
}

/** The input that a reference's name means; null for a secret of the workspace. */
export function inputOfSecret(secret: string): string | null {
  return secret.startsWith(prefix) ? secret.slice(prefix.length) : null;
}

/** Whether this is what stands in the place of the secret input `name`. */
export function isInputSecret(value: unknown, name: string): boolean {
  return isObject(value) && value["$secret"] === `${prefix}${name}`;
}

/** Names of the inputs of type `secret`. */
export function secretInputs(flow: Flow): readonly string[] {
  return flow.inputs.fields.filter((field) => field.widget === "secret").map((field) => field.name);
}

/** Inputs as a run keeps them, and the texts that were taken out of them, by name. */
export function withoutSecrets(
  flow: Flow,
  inputs: Readonly<Record<string, Json>>,
): { inputs: Record<string, Json>; secrets: Record<string, string> } {
  const kept: Record<string, Json> = { ...inputs };
  const secrets: Record<string, string> = {};
  for (const name of secretInputs(flow)) {
    const given = kept[name];
    if (typeof given !== "string" || given === "") continue;
    secrets[name] = given;
    kept[name] = inputSecret(name);
  }
  return { inputs: kept, secrets };
}
