import type { FlowId, RevisionId, WorkspaceId } from "#base/index.ts";
import type { Scope } from "#governance/index.ts";
import type { Database, Transaction } from "#platform/index.ts";
import type { ListedFlow, ListedRevision, ListedRun } from "./library.ts";

type FlowFacts = {
  readonly slug: string;
  readonly title: string;
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
};
type FlowHead = Omit<ListedFlow, "lastRuns">;
type RevisionText = { id: RevisionId; text: string };

/** Numbers of revisions. Below are drafts that were tried out. */
const published = { number: { gt: 0 } } as const;

/** Runs that the strip beside a flow shows. */
const lastRuns = 14;

/** Finds a flow and keeps others from changing it until the transaction ends. */
export async function lockFlow(
  scope: Scope,
  tx: Transaction,
  by: { slug: string } | { id: string },
): Promise<{ id: FlowId; slug: string } | null> {
  const [column, value] = "slug" in by ? ["slug", by.slug] : ["id", by.id];
  const { rows } = await tx.query<{ id: FlowId; slug: string }>(
    `select id, slug from flow where workspace_id = $1 and ${column} = $2 for update`,
    [scope.workspaceId, value],
  );
  return rows[0] ?? null;
}

export async function latestRevision(
  scope: Scope,
  tx: Transaction,
  flow: string,
): Promise<{ id: RevisionId; number: number; hash: string } | null> {
  const row = await tx.prisma.revision.findFirst({
    where: { workspaceId: scope.workspaceId, flowId: flow, ...published },
    orderBy: { number: "desc" },
  });
  return row === null ? null : { id: row.id as RevisionId, number: row.number, hash: row.hash };
}

/** The text of a flow's latest revision. */
export async function latestText(
  scope: Scope,
  tx: Transaction,
  flow: string,
): Promise<{ number: number; text: string } | null> {
  return tx.prisma.revision.findFirst({
    where: { workspaceId: scope.workspaceId, flowId: flow, ...published },
    orderBy: { number: "desc" },
    select: { number: true, text: true },
  });
}

/** False: the slug is taken. */
export async function insertFlow(
  scope: Scope,
  tx: Transaction,
  id: FlowId,
  facts: FlowFacts,
): Promise<boolean> {
  const made = await tx.prisma.flow.createMany({
    data: [{ id, workspaceId: scope.workspaceId, ...facts, labels: { ...facts.labels } }],
    skipDuplicates: true,
  });
  return made.count === 1;
}

/** Takes the flow's next revision number and writes the text's facts to the flow, which remembers the slug that it had. */
export async function nextRevision(
  scope: Scope,
  tx: Transaction,
  id: FlowId,
  facts: FlowFacts,
): Promise<number> {
  await tx.query(
    `update flow set former_slugs = array_append(array_remove(array_remove(former_slugs, $3), slug), slug)
      where workspace_id = $1 and id = $2 and slug <> $3`,
    [scope.workspaceId, id, facts.slug],
  );
  const flow = await tx.prisma.flow.update({
    where: { id, workspaceId: scope.workspaceId },
    data: { ...facts, labels: { ...facts.labels }, latestRevision: { increment: 1 }, updatedAt: new Date() },
  });
  return flow.latestRevision;
}

export async function insertRevision(
  scope: Scope,
  tx: Transaction,
  revision: { id: RevisionId; flowId: FlowId; number: number; hash: string; text: string; message: string },
): Promise<void> {
  await tx.prisma.revision.create({
    data: {
      ...revision,
      workspaceId: scope.workspaceId,
      createdBy: scope.actor.id,
      createdName: scope.actor.name,
    },
  });
}

/**
 * Keeps a draft's text for the runs that try it out, once, however often it is tried. Answers its id, and a number below zero.
 * The flow is to be locked.
 */
export async function keepTried(
  scope: Scope,
  tx: Transaction,
  draft: { id: RevisionId; flowId: FlowId; hash: string; text: string },
): Promise<{ id: RevisionId; number: number }> {
  const { flowId, hash } = draft;
  const where = { workspaceId: scope.workspaceId, flowId, number: { lt: 0 } };
  const known = await tx.prisma.revision.findFirst({ where: { ...where, hash } });
  if (known !== null) return { id: known.id as RevisionId, number: known.number };
  const last = await tx.prisma.revision.findFirst({ where, orderBy: { number: "asc" } });
  const number = (last?.number ?? 0) - 1;
  await insertRevision(scope, tx, { ...draft, number, message: "" });
  return { id: draft.id, number };
}

export async function readFlows(
  scope: Scope,
  db: Database,
  filter: { search?: string | undefined; archived?: boolean | undefined },
): Promise<FlowHead[]> {
  const rows = await db.prisma.flow.findMany({
    where: {
      workspaceId: scope.workspaceId,
      archivedAt: filter.archived === true ? { not: null } : null,
    },
    orderBy: [{ title: "asc" }, { id: "asc" }],
  });
  const wanted = (filter.search ?? "").trim().toLowerCase();
  return rows.map(head).filter((flow) => wanted === "" || answersTo(flow, wanted));
}

/** Whether a text (in lower case) stands in a flow's title, id, description, or a label written `name: value` or `name=value`. */
function answersTo({ title, slug, description, labels }: FlowHead, wanted: string): boolean {
  const written = Object.entries(labels).flatMap(([name, value]) => [
    `${name}: ${value}`,
    `${name}=${value}`,
  ]);
  return [title, slug, description, ...written].some((text) => text.toLowerCase().includes(wanted));
}

export async function findFlow(scope: Scope, db: Database, slug: string): Promise<FlowHead | null> {
  const row = await db.prisma.flow.findUnique({
    where: { workspaceId_slug: { workspaceId: scope.workspaceId, slug } },
  });
  return row === null ? null : head(row);
}

/** The flow of that slug, else the one that had it last: where a link to it leads. */
export async function findFlowOfLink(scope: Scope, db: Database, slug: string): Promise<FlowHead | null> {
  const { workspaceId } = scope;
  const found = await findFlow(scope, db, slug);
  if (found !== null) return found;
  const row = await db.prisma.flow.findFirst({
    where: { workspaceId, formerSlugs: { has: slug } },
    orderBy: { updatedAt: "desc" },
  });
  return row === null ? null : head(row);
}

/** Slugs that begin with a text. */
export async function readSlugs(scope: Scope, db: Database, beginning: string): Promise<string[]> {
  const rows = await db.prisma.flow.findMany({
    where: { workspaceId: scope.workspaceId, slug: { startsWith: beginning } },
    select: { slug: true },
  });
  return rows.map((row) => row.slug);
}

export async function readRevisions(scope: Scope, db: Database, flow: string): Promise<ListedRevision[]> {
  const rows = await db.prisma.revision.findMany({
    where: { workspaceId: scope.workspaceId, flowId: flow, ...published },
    orderBy: { number: "desc" },
    take: 200,
    omit: { text: true },
  });
  return rows.map((row) => ({
    id: row.id,
    number: row.number,
    message: row.message,
    createdName: row.createdName,
    createdAt: row.createdAt.getTime(),
  }));
}

export async function readRevision(
  scope: Scope,
  db: Database,
  flow: string,
  number: number,
): Promise<RevisionText | null> {
  const row = await db.prisma.revision.findFirst({
    where: { AND: [{ workspaceId: scope.workspaceId, flowId: flow, number }, published] },
  });
  return row === null ? null : { id: row.id as RevisionId, text: row.text };
}

export async function readRevisionById(
  scope: Scope,
  db: Database,
  id: string,
): Promise<(RevisionText & { flowId: FlowId; slug: string; number: number }) | null> {
  const row = await db.prisma.revision.findFirst({
    where: { workspaceId: scope.workspaceId, id },
    include: { flow: { select: { slug: true } } },
  });
  return row === null
    ? null
    : {
        id: row.id as RevisionId,
        text: row.text,
        flowId: row.flowId as FlowId,
        slug: row.flow.slug,
        number: row.number,
      };
}

/**
 * The workspace of a flow, its slug and the text of its latest revision (null: none yet), by its id alone. Asked before it is known who asks: whoever
 * calls this compares the workspace with theirs.
 */
export async function readOrigin(
  db: Database,
  flow: string,
): Promise<{ workspaceId: WorkspaceId; slug: string; text: string | null } | null> {
  const { rows } = await db.pool.query<{ workspace_id: WorkspaceId; slug: string; text: string | null }>(
    `select f.workspace_id, f.slug, r.text from flow f
     left join revision r on r.flow_id = f.id and r.number = f.latest_revision where f.id = $1`,
    [flow],
  );
  const [row] = rows;
  return row === undefined ? null : { workspaceId: row.workspace_id, slug: row.slug, text: row.text };
}

/** The newest runs of each flow, newest first. */
export async function readLastRuns(
  scope: Scope,
  db: Database,
  flows: readonly string[],
): Promise<Map<string, ListedRun[]>> {
  const { rows } = await db.pool.query<{
    id: string;
    flow_id: string;
    number: number;
    state: ListedRun["state"];
    created_at: Date;
  }>(
    `select last.* from unnest($2::text[]) as wanted(id)
      cross join lateral (
        select id, flow_id, number, state, created_at from run
         where workspace_id = $1 and flow_id = wanted.id and not internal and not sandbox order by number desc limit $3
      ) as last`,
    [scope.workspaceId, flows, lastRuns],
  );
  const byFlow = new Map<string, ListedRun[]>();
  for (const row of rows) {
    const list = byFlow.get(row.flow_id) ?? [];
    list.push({ id: row.id, number: row.number, state: row.state, createdAt: row.created_at.getTime() });
    byFlow.set(row.flow_id, list);
  }
  return byFlow;
}

/** Null: no such flow. */
export async function setArchived(
  scope: Scope,
  tx: Transaction,
  slug: string,
  archived: boolean,
): Promise<{ id: string; changed: boolean } | null> {
  const flow = await lockFlow(scope, tx, { slug });
  if (flow === null) return null;
  const changed = await tx.prisma.flow.updateMany({
    where: { id: flow.id, archivedAt: archived ? null : { not: null } },
    data: { archivedAt: archived ? new Date() : null },
  });
  return { id: flow.id, changed: changed.count === 1 };
}

/** Pauses a flow for a reason, or ends its pause for null. Null: no such flow. */
export async function setPaused(
  scope: Scope,
  tx: Transaction,
  slug: string,
  reason: string | null,
): Promise<{ id: FlowId; changed: boolean } | null> {
  const flow = await lockFlow(scope, tx, { slug });
  if (flow === null) return null;
  const { rowCount } = await tx.query(
    `update flow set paused_at = case when $2::text is null then null else clock_timestamp() end,
            paused_reason = $2::text, paused_name = case when $2::text is null then null else $3::text end
      where id = $1 and (paused_at is null) = ($2::text is not null)`,
    [flow.id, reason, scope.actor.name],
  );
  return { id: flow.id, changed: (rowCount ?? 0) > 0 };
}

function head(row: {
  id: string;
  slug: string;
  title: string;
  description: string;
  labels: unknown;
  latestRevision: number;
  updatedAt: Date;
  archivedAt: Date | null;
  pausedAt: Date | null;
  pausedName: string | null;
  pausedReason: string | null;
}): FlowHead {
  return {
    id: row.id,
    slug: row.slug,
    title: row.title,
    description: row.description,
    labels: row.labels as Record<string, string>,
    revision: row.latestRevision,
    updatedAt: row.updatedAt.getTime(),
    archived: row.archivedAt !== null,
    paused:
      row.pausedAt === null
        ? null
        : { at: row.pausedAt.getTime(), by: row.pausedName ?? "", reason: row.pausedReason ?? "" },
  };
}

/** Ids of the latest revisions by the flow's slug, without archived flows. */
export async function readLatestRevisions(scope: Scope, db: Database): Promise<ReadonlyMap<string, string>> {
  const { rows } = await db.pool.query<{ slug: string; id: string }>(
    `select flow.slug, revision.id from flow
       join revision on revision.flow_id = flow.id and revision.number = flow.latest_revision
      where flow.workspace_id = $1 and flow.archived_at is null`,
    [scope.workspaceId],
  );
  return new Map(rows.map(({ slug, id }) => [slug, id]));
}

export async function readTexts(
  scope: Scope,
  db: Database,
  revisions: readonly string[],
): Promise<{ id: string; slug: string; text: string }[]> {
  const { rows } = await db.pool.query<{ id: string; slug: string; text: string }>(
    `select revision.id, flow.slug, revision.text from revision join flow on flow.id = revision.flow_id
      where revision.workspace_id = $1 and revision.id = any($2::text[])`,
    [scope.workspaceId, revisions],
  );
  return rows;
}
