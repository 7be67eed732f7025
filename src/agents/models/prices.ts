import type { Cost, Usage } from "#flow/index.ts";
import table from "./prices.json" with { type: "json" };

/** Dollars for a million tokens. `asOf` in the table is the day on which the figures were read. */
type Price = {
  readonly input: number;
  readonly cachedInput?: number;
  readonly output: number;
  /** Tokens that a conversation may have. */
  readonly context?: number;
};
/** A price that a workspace gives itself, for a million tokens. */
type OwnPrice = { readonly input: number; readonly output: number };

/** The day on which the prices were read, ISO 8601. */
export const pricesAsOf: string = table.asOf;

/** Models of a provider whose price is known. */
export function pricedModels(provider: string): string[] {
  return Object.keys((table.providers as Record<string, Record<string, Price>>)[provider] ?? {});
}

/** What is known of a model by its name; the longest name in the table that it starts with wins. */
function rowOf(provider: string, model: string): Price | undefined {
  const rows = (table.providers as Record<string, Record<string, Price>>)[provider] ?? {};
  const name = Object.keys(rows)
    .filter(
      (candidate) =>
        model === candidate ||
        new RegExp(`^${candidate.replace(/[.]/g, "\\.")}-(\\d{4}-?\\d{2}-?\\d{2}|latest)$`).test(model),
    )
    .sort((left, right) => right.length - left.length)[0];
  return name === undefined ? undefined : rows[name];
}

/** Tokens that a conversation with a model may have; undefined where that is not known. */
export function contextOf(provider: string, model: string): number | undefined {
  return rowOf(provider, model)?.context;
}

/** What a token costs; null where no price is known. `own` is what the workspace says, for a million tokens. */
export function priceOf(
  provider: string,
  model: string,
  own?: OwnPrice,
): { readonly input: number; readonly output: number } | null {
  if (provider === "simulated") return { input: 0, output: 0 };
  const price = own ?? rowOf(provider, model);
  return price === undefined ? null : { input: price.input / 1_000_000, output: price.output / 1_000_000 };
}

/**
 * What a call cost, or "unknown" where the model has no price in the table and the workspace gave none, or the provider
 * told no usage.
 */
export function costOf(provider: string, model: string, usage: Usage, own?: OwnPrice): Cost {
  if (provider === "simulated") return 0;
  const price: Price | undefined = own ?? rowOf(provider, model);
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
