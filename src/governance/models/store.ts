import type { Database, Transaction } from "#platform/index.ts";
import type { Scope } from "../scope.ts";
import type { AliasLimits, AliasView } from "./models.ts";

export async function readProviders(
  scope: Scope,
  db: Database,
): Promise<{ provider: string; baseUrl: string | null; sealedKey: string | null }[]> {
  const rows = await db.prisma.modelProvider.findMany({ where: { workspaceId: scope.workspaceId } });
  const names = rows.flatMap((row) => (row.secretName === null ? [] : [row.secretName]));
  const secrets =
    names.length === 0
      ? []
      : await db.prisma.secret.findMany({ where: { workspaceId: scope.workspaceId, name: { in: names } } });
  const sealed = new Map(secrets.map((secret) => [secret.name, secret.sealed]));
  return rows.map((row) => ({
    provider: row.provider,
    baseUrl: row.baseUrl,
    sealedKey: row.secretName === null ? null : (sealed.get(row.secretName) ?? null),
  }));
}

export async function readAliases(scope: Scope, db: Database): Promise<AliasView[]> {
  const rows = await db.prisma.modelAlias.findMany({
    where: { workspaceId: scope.workspaceId },
    orderBy: { alias: "asc" },
  });
  return rows.map((row) => ({
    alias: row.alias,
    provider: row.provider,
    model: row.model,
    inputPrice: row.inputPrice,
    outputPrice: row.outputPrice,
    contextTokens: row.contextTokens,
    limits: limitsOf(row),
  }));
}

export async function upsertProvider(
  scope: Scope,
  tx: Transaction,
  change: { provider: string; baseUrl?: string | null; secretName?: string | null },
): Promise<void> {
  const key = { workspaceId: scope.workspaceId, provider: change.provider };
  await tx.prisma.modelProvider.upsert({
    where: { workspaceId_provider: key },
    create: { ...key, baseUrl: change.baseUrl ?? null, secretName: change.secretName ?? null },
    update: change,
  });
}

/** Answers what the alias stood for before. */
export async function upsertAlias(
  scope: Scope,
  tx: Transaction,
  alias: AliasView,
): Promise<Omit<AliasView, "alias"> | null> {
  const key = { workspaceId: scope.workspaceId, alias: alias.alias };
  const before = await tx.prisma.modelAlias.findUnique({ where: { workspaceId_alias: key } });
  const { provider, model, inputPrice, outputPrice, contextTokens, limits } = alias;
  const value = { provider, model, inputPrice, outputPrice, contextTokens, ...limits };
  await tx.prisma.modelAlias.upsert({
    where: { workspaceId_alias: key },
    create: { ...key, ...value },
    update: value,
  });
  return before === null
    ? null
    : {
        provider: before.provider,
        model: before.model,
        inputPrice: before.inputPrice,
        outputPrice: before.outputPrice,
        contextTokens: before.contextTokens,
        limits: limitsOf(before),
      };
}

function limitsOf({ maxCalls, callsPerMinute, tokensPerMinute }: AliasLimits): AliasLimits {
  return { maxCalls, callsPerMinute, tokensPerMinute };
}
