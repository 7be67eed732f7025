import type { Trigger } from "#flow/index.ts";

/** The members of the body that a webhook's expressions name, as a body to begin with. */
export function sampleBody(trigger: Trigger): string {
  const text = expressionsOf(trigger);
  const body: Record<string, unknown> = {};
  for (const [, path = ""] of text.matchAll(/\bbody((?:\.[A-Za-z_]\w*)+)/g)) {
    let place = body;
    const names = path.slice(1).split(".");
    names.forEach((name, index) => {
      const isLast = index === names.length - 1;
      const known = place[name];
      if (isLast) place[name] = known ?? `a ${name}`;
      else place = (place[name] = typeof known === "object" && known !== null ? known : {}) as typeof body;
    });
  }
  return Object.keys(body).length === 0 ? "{}" : JSON.stringify(body, null, 2);
}

/** The headers that a webhook's expressions name. */
export function sampleHeaders(trigger: Trigger): string {
  const names = [...expressionsOf(trigger).matchAll(/\bheaders\[\\?["']([^"'\\]+)\\?["']\]/g)].map(
    ([, name = ""]) => name,
  );
  return [...new Set(names)].map((name) => `${name}: sample-1`).join("; ");
}

function expressionsOf(trigger: Trigger): string {
  if (trigger.kind !== "webhook") return "";
  return JSON.stringify([trigger.with, trigger.when ?? "", trigger.idempotencyKey ?? ""]);
}
