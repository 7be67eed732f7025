import { priceOf, pricedModels } from "#agents/index.ts";
import { createLiveDocuments, type LiveDocuments } from "#collab/index.ts";
import type { Knowledge } from "#flow/index.ts";
import {
  aliasesOf,
  createAuth,
  createIdentity,
  listMembers,
  roles,
  type AliasView,
  type Auth,
  type Identity,
  type ProviderEnvironment,
  type Scope,
} from "#governance/index.ts";
import { draftKind, flowInputs } from "#library/index.ts";
import { sharedMemoryKind } from "#memory/index.ts";
import { createWatcher, type Watcher } from "#journal/index.ts";
import type { Database, Listener } from "#platform/index.ts";
import { builtinFacts, toolRows } from "#tools/index.ts";
import { followsOf } from "#triggers/index.ts";
import type { ToolRow } from "./views.ts";

/** What the verbs work with. One for a process. */
export type ApiDeps = {
  readonly db: Database;
  /** Drafts of flows, and whatever else is written together. */
  readonly live: LiveDocuments;
  readonly listener: Listener;
  readonly auth: Auth;
  readonly identity: Identity;
  readonly watcher: Watcher;
  /** Origin that browsers use, without a slash at its end. */
  readonly url: string;
  /** Greatest upload, in bytes. */
  readonly maxUpload: number;
  /** Providers that the environment gives keys or addresses for. */
  readonly providers: ProviderEnvironment;
  /** Models that are offered for a provider, best first. */
  readonly models: (provider: string) => readonly string[];
  /** The registry's tools. */
  readonly tools: readonly ToolRow[];
  /** How often a stream checks that its session is still in force, in milliseconds. */
  readonly recheckMs: number;
};

export type ApiOptions = {
  readonly db: Database;
  readonly listener: Listener;
  readonly url: string;
  readonly trustedOrigins?: readonly string[];
  /** Signs cookies. At least 32 characters. */
  readonly secret: string;
  readonly maxUpload: number;
  readonly providers?: ProviderEnvironment;
  readonly models?: (provider: string) => readonly string[];
  /** The registry's when left out. */
  readonly tools?: readonly ToolRow[];
  /** 5 seconds when left out. A sign-out or removal is noticed at once besides. */
  readonly recheckMs?: number;
  readonly signInsPerMinute?: number;
};

export function createApiDeps(options: ApiOptions): ApiDeps {
  const { db, listener } = options;
  const auth = createAuth(db, options);
  return {
    db,
    live: createLiveDocuments({ db, listener, kinds: [draftKind(db), sharedMemoryKind(db)] }),
    listener,
    auth,
    identity: createIdentity(db, auth),
    watcher: createWatcher(db, listener),
    url: options.url,
    maxUpload: options.maxUpload,
    providers: options.providers ?? {},
    models: options.models ?? offeredModels,
    tools: options.tools ?? toolRows(),
    recheckMs: options.recheckMs ?? 5000,
  };
}

/** The simulated model, and those whose price is known. Others are typed in. */
function offeredModels(provider: string): readonly string[] {
  return provider === "simulated" ? ["simulated"] : pricedModels(provider);
}

const registry = new Map(builtinFacts().map((facts) => [facts.name, facts]));
const catalog = { get: (name: string) => registry.get(name), names: () => [...registry.keys()] };

/** What validation knows beyond a text: the registry's tools, the roles, and the workspace's members and models. */
export async function knowledgeOf(deps: Pick<ApiDeps, "db">, scope: Scope): Promise<Knowledge> {
  const [members, aliases, follows, flows] = await Promise.all([
    listMembers(deps.db, scope),
    aliasesOf(deps.db, scope),
    followsOf(deps.db, scope),
    flowInputs(deps.db, scope),
  ]);
  return {
    ...installationKnowledge,
    models: aliases.map(({ alias }) => alias),
    unpriced: aliases.flatMap((one) => (isPriced(one) ? [] : [one.alias])),
    follows,
    flows,
    members: members.map(({ userId, email, roles: held }) => ({ id: userId, email, roles: held })),
  };
}

function isPriced({ provider, model, inputPrice, outputPrice }: AliasView): boolean {
  const own = inputPrice !== null && outputPrice !== null;
  return own || priceOf(provider, model) !== null;
}

/** What holds for every workspace. */
export const installationKnowledge: Knowledge = { tools: catalog, roles };
