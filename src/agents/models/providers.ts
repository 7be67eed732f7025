import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { LanguageModelV4 } from "@ai-sdk/provider";
import { BatonError } from "#base/index.ts";
import { simulatedModel, type SimulatedOptions } from "../simulated/model.ts";

/** Where a workspace's models come from. Keys are plain here: read in the worker only, never logged. */
export type ModelSettings = {
  readonly providers: readonly {
    readonly provider: string;
    readonly baseUrl: string | null;
    readonly apiKey: string | null;
  }[];
  readonly aliases: readonly AliasSettings[];
};

/** What an alias stands for. `price` (for a million tokens) and `contextTokens` where the workspace says so itself. */
export type AliasSettings = {
  readonly alias: string;
  readonly provider: string;
  readonly model: string;
  readonly price?: { readonly input: number; readonly output: number };
  readonly contextTokens?: number;
};

export type Resolved = {
  readonly provider: string;
  readonly model: string;
  readonly language: LanguageModelV4;
  /** For a million tokens, where the workspace says so itself. */
  readonly price: AliasSettings["price"];
};

export type ProviderOptions = {
  /** The outbound client as `fetch`; `baseUrl` is what the admin has entered and thereby allowed. */
  readonly fetch: (baseUrl: string | null) => typeof globalThis.fetch;
  readonly simulated: SimulatedOptions;
  /** Further providers by name: models that a benchmark or a replay brings along. */
  readonly others?: Readonly<Record<string, () => LanguageModelV4>>;
};

/** What an alias stands for. One that is not mapped falls back to the workspace's "default". */
export function findAlias(alias: string, settings: ModelSettings): AliasSettings {
  return (
    settings.aliases.find((candidate) => candidate.alias === alias) ??
    settings.aliases.find((candidate) => candidate.alias === "default") ?? {
      alias,
      provider: "simulated",
      model: "simulated",
    }
  );
}

/** Finds the model behind an alias. */
export function resolveModel(alias: string, settings: ModelSettings, options: ProviderOptions): Resolved {
  const { provider, model, price } = findAlias(alias, settings);
  const entry = settings.providers.find((candidate) => candidate.provider === provider);
  const baseUrl = entry?.baseUrl ?? null;
  const apiKey = entry?.apiKey ?? null;
  const common = { fetch: options.fetch(baseUrl), ...(baseUrl === null ? {} : { baseURL: baseUrl }) };
  switch (provider) {
    case "simulated":
      return { provider, model: "simulated", price, language: simulatedModel(options.simulated) };
    case "openai":
      return {
        provider,
        model,
        price,
        language: createOpenAI({ ...common, apiKey: needed(apiKey, provider) })(model),
      };
    case "anthropic":
      return {
        provider,
        model,
        price,
        language: createAnthropic({ ...common, apiKey: needed(apiKey, provider) })(model),
      };
    case "openai-compatible": {
      if (baseUrl === null) {
        throw new BatonError(
          "misconfigured",
          `The alias "${alias}" uses an OpenAI-compatible server, but none is set.`,
          {
            hint: "An admin can enter its address under Settings, Models.",
          },
        );
      }
      const server = createOpenAICompatible({
        name: "openai-compatible",
        baseURL: baseUrl,
        fetch: common.fetch,
        includeUsage: true,
        ...(apiKey === null ? {} : { apiKey }),
      });
      return { provider, model, price, language: server(model) };
    }
    default: {
      const other = options.others?.[provider];
      if (other !== undefined) return { provider, model, price, language: other() };
      throw new BatonError(
        "misconfigured",
        `The alias "${alias}" names the provider "${provider}", which Baton does not know.`,
        {
          hint: "Choose openai, anthropic, openai-compatible or simulated under Settings, Models.",
        },
      );
    }
  }
}

function needed(apiKey: string | null, provider: string): string {
  if (apiKey !== null && apiKey !== "") return apiKey;
  throw new BatonError("misconfigured", `There is no key for the provider "${provider}".`, {
    hint: "An admin can enter one under Settings, Models, or set it in the environment.",
  });
}
