import { BatonError, type WorkspaceId } from "#base/index.ts";
import { transaction, unseal, type Database, type Transaction } from "#platform/index.ts";
import { writeAudit } from "../audit/audit.ts";
import { settingsPolicy } from "../policy/settings.ts";
import { authorize, systemScope, type Scope } from "../scope.ts";
import { setSecretIn } from "../secrets/secrets.ts";
import * as store from "./store.ts";

export const providers = ["simulated", "openai", "anthropic", "openai-compatible"] as const;
export type Provider = (typeof providers)[number];

/** A key or address that the installation's environment gives to every workspace. */
export type ProviderEnvironment = Readonly<
  Partial<Record<Provider, { readonly apiKey?: string | undefined; readonly baseUrl?: string | undefined }>>
>;

/** What a model call needs to know of a workspace. Keys are open: this never leaves the worker. */
export type ModelSettings = {
  readonly providers: readonly {
    readonly provider: Provider;
    readonly baseUrl: string | null;
    readonly apiKey: string | null;
  }[];
  readonly aliases: readonly {
    readonly alias: string;
    readonly provider: Provider;
    readonly model: string;
    /** Money for a million tokens, where the workspace says so itself. */
    readonly price?: { readonly input: number; readonly output: number };
    /** Tokens that a conversation may have, where the workspace says so itself. */
    readonly contextTokens?: number;
    readonly limits: AliasLimits;
  }[];
};

/** What a model takes, over all workers; null: no limit. */
export type AliasLimits = {
  /** Calls at once. */
  readonly maxCalls: number | null;
  readonly callsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
};

const unlimited: AliasLimits = { maxCalls: null, callsPerMinute: null, tokensPerMinute: null };

/** A provider as the settings page shows it; the key itself is never told. */
export type ProviderView = {
  provider: Provider;
  baseUrl: string | null;
  key: "environment" | "secret" | "none";
};
/** An alias. Prices are for a million tokens; null: what is known of the model holds. */
export type AliasView = {
  alias: string;
  provider: string;
  model: string;
  inputPrice: number | null;
  outputPrice: number | null;
  contextTokens: number | null;
  limits: AliasLimits;
};
/** An alias as it is set. What is left out is not known better than the model is anyway, limits are lifted. */
export type AliasChange = Pick<AliasView, "alias" | "provider" | "model"> & {
  readonly [K in "inputPrice" | "outputPrice" | "contextTokens"]?: number | null | undefined;
} & { readonly limits?: Partial<AliasLimits> | undefined };

/** The alias that flows mean when they name none. */
export const defaultAlias = "default";

const standIn = {
  alias: defaultAlias,
  provider: "simulated",
  model: "simulated",
  inputPrice: null,
  outputPrice: null,
  contextTokens: null,
  limits: unlimited,
} as const;

/** Name of the secret that holds a provider's key. */
function keyName(provider: Provider): string {
  return `model.${provider}.key`;
}

/**
 * Reads a workspace's providers and aliases, keys opened: the workspace's own secret, else the environment's. For the
 * worker only. Without an alias "default" there is one for the simulated model.
 */
export function createModelSettings(
  db: Database,
  environment: ProviderEnvironment = {},
): (workspace: WorkspaceId) => Promise<ModelSettings> {
  return async (workspace) => {
    const scope = systemScope(workspace, "models");
    const [rows, aliases] = await Promise.all([store.readProviders(scope, db), store.readAliases(scope, db)]);
    return {
      providers: providers.map((provider) => {
        const row = rows.find((each) => each.provider === provider);
        const given = environment[provider];
        return {
          provider,
          baseUrl: row?.baseUrl ?? given?.baseUrl ?? null,
          apiKey: row?.sealedKey ? unseal(row.sealedKey) : (given?.apiKey ?? null),
        };
      }),
      aliases: withDefault(aliases).flatMap(
        ({ alias, provider, model, inputPrice, outputPrice, contextTokens, limits }) =>
          isProvider(provider)
            ? [
                {
                  alias,
                  provider,
                  model,
                  limits,
                  ...(inputPrice === null || outputPrice === null
                    ? {}
                    : { price: { input: inputPrice, output: outputPrice } }),
                  ...(contextTokens === null ? {} : { contextTokens }),
                },
              ]
            : [],
      ),
    };
  };
}

/** Providers and aliases as the settings page shows them. Needs "settings.manage". */
export async function listModels(
  db: Database,
  scope: Scope,
  environment: ProviderEnvironment,
): Promise<{ providers: ProviderView[]; aliases: AliasView[] }> {
  authorize(scope, settingsPolicy.seeModels);
  const [rows, aliases] = await Promise.all([store.readProviders(scope, db), store.readAliases(scope, db)]);
  return {
    providers: providers.map((provider) => {
      const row = rows.find((each) => each.provider === provider);
      const given = environment[provider];
      const key = row?.sealedKey ? "secret" : given?.apiKey === undefined ? "none" : "environment";
      return { provider, baseUrl: row?.baseUrl ?? given?.baseUrl ?? null, key };
    }),
    aliases: withDefault(aliases),
  };
}

/** Sets a provider's address and key. A key that is left out stays as it is; an empty one is taken away. */
export type ProviderChange = {
  readonly provider: Provider;
  readonly baseUrl?: string | null | undefined;
  readonly key?: string | undefined;
};

export async function setProvider(db: Database, scope: Scope, change: ProviderChange): Promise<void> {
  await transaction(db, (tx) => setProviderIn(tx, scope, change));
}

/** As {@link setProvider}, within a transaction. */
export async function setProviderIn(tx: Transaction, scope: Scope, change: ProviderChange): Promise<void> {
  authorize(scope, settingsPolicy.changeModels);
  const name = keyName(change.provider);
  if (change.baseUrl !== undefined && change.baseUrl !== null) checkAddress(change.baseUrl);
  if (change.key !== undefined && change.key !== "") await setSecretIn(tx, scope, name, change.key);
  await store.upsertProvider(scope, tx, {
    provider: change.provider,
    ...(change.baseUrl === undefined ? {} : { baseUrl: change.baseUrl }),
    ...(change.key === undefined ? {} : { secretName: change.key === "" ? null : name }),
  });
  await writeAudit(tx, scope, {
    action: "model-provider.set",
    subject: { kind: "model-provider", id: change.provider },
    body: {
      provider: change.provider,
      ...(change.baseUrl === undefined ? {} : { baseUrl: change.baseUrl }),
      key: change.key === undefined ? "unchanged" : change.key === "" ? "removed" : "replaced",
    },
  });
}

export async function setAlias(db: Database, scope: Scope, alias: AliasChange): Promise<void> {
  await transaction(db, (tx) => setAliasIn(tx, scope, alias));
}

/** Maps an alias to a provider's model, within a transaction. */
export async function setAliasIn(tx: Transaction, scope: Scope, change: AliasChange): Promise<void> {
  authorize(scope, settingsPolicy.changeModels);
  const { inputPrice = null, outputPrice = null, contextTokens = null } = change;
  if ((inputPrice === null) !== (outputPrice === null)) {
    throw new BatonError(
      "bad-input",
      "A price needs both parts: for what a model reads and what it writes.",
      {
        details: { fields: { [inputPrice === null ? "inputPrice" : "outputPrice"]: ["Required."] } },
      },
    );
  }
  const limits = { ...unlimited, ...change.limits };
  const alias = { ...change, inputPrice, outputPrice, contextTokens, limits };
  const before = await store.upsertAlias(scope, tx, alias);
  await writeAudit(tx, scope, {
    action: "model-alias.set",
    subject: { kind: "model-alias", id: alias.alias },
    body: {
      before,
      after: {
        provider: alias.provider,
        model: alias.model,
        inputPrice,
        outputPrice,
        contextTokens,
        limits,
      },
    },
  });
}

/**
 * Whether a run that uses these aliases would hear the simulated model only. An alias that the workspace does not
 * have stands for "default".
 */
export async function simulatesAll(db: Database, scope: Scope, aliases: readonly string[]): Promise<boolean> {
  if (aliases.length === 0) return false;
  const known = withDefault(await store.readAliases(scope, db));
  const providerOf = (name: string): string | undefined =>
    known.find((each) => each.alias === name)?.provider;
  return aliases.every((name) => (providerOf(name) ?? providerOf(defaultAlias)) === "simulated");
}

/** The aliases that flows of the workspace can use. */
export async function aliasesOf(db: Database, scope: Scope): Promise<AliasView[]> {
  return withDefault(await store.readAliases(scope, db));
}

function withDefault(aliases: AliasView[]): AliasView[] {
  return aliases.some((each) => each.alias === defaultAlias) ? aliases : [{ ...standIn }, ...aliases];
}

function isProvider(text: string): text is Provider {
  return (providers as readonly string[]).includes(text);
}

function checkAddress(address: string): void {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (
    url === null ||
    !["http:", "https:"].includes(url.protocol) ||
    url.username !== "" ||
    url.password !== ""
  ) {
    throw new BatonError("bad-input", `"${address}" is not the address of a server.`, {
      hint: "Write it as http://host:port/path, without a name and password in it.",
      details: { fields: { baseUrl: ["Not an http or https address."] } },
    });
  }
}
