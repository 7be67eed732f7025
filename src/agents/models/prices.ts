import type { Cost, Usage } from "#flow/index.ts";
import table from "./prices.json" with { type: "json" };

/** Dollars for a million tokens. `asOf` in the table is the day on which the figures were read. */
type Price = { readonly input: number; readonly cachedInput?: number; readonly output: number };

/** The day on which the prices were read, ISO 8601. */
export const pricesAsOf: string = table.asOf;

/** Models of a provider whose price is known. */
export function pricedModels(provider: string): string[] {
  return Object.keys((table.providers as Record<string, Record<string, Price>>)[provider] ?? {});
}

/**
 * What a call cost in dollars, or "unknown" where the model has no price in the table or the provider told no usage.
 * The longest name in the table that the model's name starts with wins, so that dated versions find their model.
 */
export function costOf(provider: string, model: string, usage: Usage): Cost {
  if (provider === "simulated") return 0;
  const prices = (table.providers as Record<string, Record<string, Price>>)[provider] ?? {};
  const name = Object.keys(prices)
    .filter(
      (candidate) =>
        model === candidate ||
        new RegExp(`^${candidate.replace(/[.]/g, "\\.")}-(\\d{4}-?\\d{2}-?\\d{2}|latest)$`).test(model),
    )
    .sort((left, right) => right.length - left.length)[0];
  const price = name === undefined ? undefined : prices[name];
  if (price === undefined || usage.inputTokens === undefined || usage.outputTokens === undefined)
    return "unknown";
  const cached = usage.cachedInputTokens ?? 0;
  return (
    ((usage.inputTokens - cached) * price.input +
      cached * (price.cachedInput ?? price.input) +
      usage.outputTokens * price.output) /
    1_000_000
  );
}
