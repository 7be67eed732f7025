import { BatonError, type Json, isObject } from "#base/index.ts";
import { inputSecret, isSecretText } from "#flow/index.ts";

/** Value of a secret by its name; fails with "not-found" when the workspace has none of that name. */
export type SecretReader = (name: string) => Promise<string>;

/**
 * The value with all references to secrets replaced by what they stand for. `allowed` says which names may be: a
 * reference that came in with somebody's data must not open the workspace's secrets.
 */
export async function resolveSecrets(
  value: Json,
  read: SecretReader,
  allowed: (name: string) => boolean,
): Promise<Json> {
  const name = secretName(value);
  if (name !== null) {
    if (!allowed(name)) throw refused(name);
    return read(name);
  }
  if (isSecretText(value)) {
    const parts = await Promise.all(
      value.$template.map((part) => resolveSecrets(part as Json, read, allowed)),
    );
    return parts.map((part) => (typeof part === "string" ? part : JSON.stringify(part))).join("");
  }
  if (Array.isArray(value)) {
    return Promise.all(value.map((item: Json) => resolveSecrets(item, read, allowed)));
  }
  if (isObject(value)) {
    const entries = Object.entries(value).map(
      async ([key, item]) => [key, await resolveSecrets(item as Json, read, allowed)] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  }
  return value;
}

/** Refuses arguments that name secrets: what an agent wrote must never be filled in with one. */
export function refuseSecrets(value: Json, tool: string): void {
  const name = secretName(value);
  if (name !== null || isSecretText(value)) {
    throw new BatonError("forbidden", `The call of ${tool} refers to a secret, which an agent may not do.`, {
      hint: "Let a tool of the flow use the secret in its own headers.",
    });
  }
  if (Array.isArray(value)) for (const item of value) refuseSecrets(item as Json, tool);
  else if (isObject(value)) for (const item of Object.values(value)) refuseSecrets(item as Json, tool);
}

/** Names of the secrets that a text of the flow itself asks for by `secret("NAME")` or `inputs.NAME`, at any depth. */
export function secretsNamedIn(template: Json | undefined, names: Set<string> = new Set()): Set<string> {
  if (typeof template === "string") {
    for (const match of template.matchAll(/\bsecret\s*\(\s*(["'])([^"']+)\1\s*\)/g)) {
      if (match[2] !== undefined) names.add(match[2]);
    }
    for (const match of template.matchAll(/\binputs\s*(?:\.\s*(\w+)|\[\s*(["'])([^"']+)\2\s*\])/g)) {
      const name = match[1] ?? match[3];
      if (name !== undefined) names.add(inputSecret(name).$secret);
    }
  } else if (Array.isArray(template)) {
    for (const item of template) secretsNamedIn(item as Json, names);
  } else if (isObject(template)) {
    for (const item of Object.values(template)) secretsNamedIn(item as Json, names);
  }
  return names;
}

function secretName(value: unknown): string | null {
  return isObject(value) && typeof value["$secret"] === "string" ? value["$secret"] : null;
}

function refused(name: string): BatonError {
  return new BatonError(
    "forbidden",
    `The secret "${name}" is not one that the flow's own text asks for here.`,
    {
      hint: `Write secret("${name}") where it is needed.`,
    },
  );
}
