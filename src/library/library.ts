import { BatonError, type FlowId, type JsonObject, type RevisionId } from "#base/index.ts";
import { parseFlow, validateFlow, type Flow, type Knowledge, type Problem, type Shape } from "#flow/index.ts";
import { authorize, flowPolicy, newId, type Scope, writeAudit } from "#governance/index.ts";
import type { RunSummary } from "#journal/index.ts";
import { notify, sha256, transaction, type Database, type Transaction } from "#platform/index.ts";
import { withId } from "./drafts.ts";
import { pausedFlow } from "./pause.ts";
import * as store from "./store.ts";

/** A run in the strip beside a flow. */
export type ListedRun = { id: string; number: number; state: RunSummary["state"]; createdAt: number };

/** Since when a flow starts no runs, who said so and why ("" where nobody said). */
export type FlowPause = { at: number; by: string; reason: string };

/** A flow as lists show it. Instants are epoch milliseconds; `lastRuns` holds the newest 14, newest first. */
export type ListedFlow = {
  id: string;
  slug: string;
  title: string;
  description: string;
  labels: Record<string, string>;
  revision: number;
  updatedAt: number;
  archived: boolean;
  /** While it is paused, no run of it starts. */
  paused: FlowPause | null;
  lastRuns: ListedRun[];
};

export type ListedRevision = {
  id: string;
  number: number;
  message: string;
  createdName: string;
  createdAt: number;
};

/** A flow with one of its revisions. */
export type FlowDetails = ListedFlow & {
  text: string;
  revisionId: string;
  problems: Problem[];
  inputs: Shape;
  samples: Record<string, JsonObject>;
  revisions: ListedRevision[];
};

/** A revision as a run pins it. */
export type PinnedRevision = {
  readonly id: RevisionId;
  readonly flowId: FlowId;
  readonly slug: string;
  readonly number: number;
  readonly text: string;
  readonly flow: Flow;
};

export type Publication = {
  readonly text: string;
  /** Why it was changed. At most 500 characters. */
  readonly message: string;
  /**
   * The flow that it is a revision of. "new": none may have its id yet. "any": the flow with its id, or a new one.
   */
  readonly into: FlowId | "new" | "any";
};
export type Published = { flowId: FlowId; revisionId: RevisionId; slug: string; number: number };

const longestMessage = 500;

/** What else belongs to a publication, in its transaction. */
export type AlsoPublished = (
  tx: Transaction,
  revision: { readonly flowId: FlowId; readonly number: number; readonly flow: Flow },
) => Promise<void>;

/** Reads and checks a text. The slug is the text's `id`, null while it has none. */
export function checkFlow(text: string, knowledge?: Knowledge): { problems: Problem[]; slug: string | null } {
  const parsed = parseFlow(text);
  return { problems: [...validateFlow(parsed, knowledge)], slug: parsed.flow?.id ?? null };
}

/**
 * Publishes a text as an immutable revision, in a transaction. The same text as the latest revision makes no new one.
 * Fails with "bad-input" (details: `Problem[]`) for a text with errors, "conflict" where its id belongs to another
 * flow, and "not-found" for a flow that is not there.
 */
export async function publishIn(
  tx: Transaction,
  scope: Scope,
  publication: Publication,
  knowledge?: Knowledge,
  also?: AlsoPublished,
): Promise<Published> {
  authorize(scope, flowPolicy.publish);
  const flow = runnable(publication.text, knowledge);
  const message = publication.message.trim().slice(0, longestMessage);
  const target = await targetOf(tx, scope, flow.id, publication.into);
  const hash = sha256(publication.text);
  if (target !== null) {
    const latest = await store.latestRevision(scope, tx, target.id);
    if (latest !== null && latest.hash === hash) {
      return { flowId: target.id, revisionId: latest.id, slug: target.slug, number: latest.number };
    }
  }
  const facts = {
    slug: flow.id,
    title: flow.title ?? flow.id,
    description: flow.description ?? "",
    labels: flow.labels,
  };
  const flowId = target?.id ?? newId("flow");
  if (target === null && !(await store.insertFlow(scope, tx, flowId, facts))) throw taken(flow.id);
  const number = await store.nextRevision(scope, tx, flowId, facts);
  const revisionId = newId("rev");
  await store.insertRevision(scope, tx, {
    id: revisionId,
    flowId,
    number,
    hash,
    text: publication.text,
    message,
  });
  await writeAudit(tx, scope, {
    action: "flow.published",
    subject: { kind: "flow", id: flowId },
    body: { slug: flow.id, revision: revisionId, number, hash, message },
  });
  await also?.(tx, { flowId, number, flow });
  await notify(tx, "workspace", `${scope.workspaceId} flow ${flowId}`);
  return { flowId, revisionId, slug: flow.id, number };
}

/** As {@link publishIn}, in a transaction of its own. */
export async function publish(
  db: Database,
  scope: Scope,
  publication: Publication,
  knowledge?: Knowledge,
  also?: AlsoPublished,
): Promise<Published> {
  // Before a connection is taken: most texts that fail, fail here.
  authorize(scope, flowPolicy.publish);
  runnable(publication.text, knowledge);
  return transaction(db, (tx) => publishIn(tx, scope, publication, knowledge, also));
}

/** Flows of the workspace by title. `search` looks in titles, ids, descriptions and labels. */
export async function listFlows(
  db: Database,
  scope: Scope,
  filter: { search?: string | undefined; archived?: boolean | undefined },
): Promise<ListedFlow[]> {
  authorize(scope, flowPolicy.see);
  const flows = await store.readFlows(scope, db, filter);
  const runs = await store.readLastRuns(
    scope,
    db,
    flows.map((flow) => flow.id),
  );
  return flows.map((flow) => ({ ...flow, lastRuns: runs.get(flow.id) ?? [] }));
}

/** A flow with its latest revision, or the one of that number. Found by a former slug as well, as links are. */
export async function getFlow(
  db: Database,
  scope: Scope,
  wanted: { slug: string; revision?: number | undefined },
  knowledge?: Knowledge,
): Promise<FlowDetails> {
  authorize(scope, flowPolicy.see);
  const flow = await store.findFlowOfLink(scope, db, wanted.slug);
  if (flow === null) throw missing();
  if (flow.revision === 0) throw unpublished(flow.title);
  const [runs, revisions, revision] = await Promise.all([
    store.readLastRuns(scope, db, [flow.id]),
    store.readRevisions(scope, db, flow.id),
    store.readRevision(scope, db, flow.id, wanted.revision ?? flow.revision),
  ]);
  if (revision === null) {
    throw new BatonError("not-found", `The flow has no revision ${wanted.revision ?? flow.revision}.`, {
      hint: `Its latest is ${flow.revision}.`,
    });
  }
  const parsed = parseFlow(revision.text);
  return {
    ...flow,
    lastRuns: runs.get(flow.id) ?? [],
    text: revision.text,
    revisionId: revision.id,
    problems: [...validateFlow(parsed, knowledge)],
    inputs: parsed.flow?.inputs ?? { fields: [], schema: { type: "object" } },
    samples: { ...parsed.flow?.samples },
    revisions,
  };
}

/** The revision that a run of the flow pins: the latest or the one of that number. Archived and paused flows have none. */
export async function pinRevision(
  db: Database,
  scope: Scope,
  wanted: { slug: string; revision?: number | undefined },
): Promise<PinnedRevision> {
  const flow = await store.findFlow(scope, db, wanted.slug);
  if (flow === null) throw missing();
  if (flow.archived) {
    throw new BatonError("conflict", `"${flow.title}" is archived and can't be started.`, {
      hint: "Bring it back from the archive first.",
    });
  }
  if (flow.paused !== null) throw pausedFlow(flow.title, flow.paused);
  if (flow.revision === 0) throw unpublished(flow.title);
  const number = wanted.revision ?? flow.revision;
  const revision = await store.readRevision(scope, db, flow.id, number);
  if (revision === null) {
    throw new BatonError("not-found", `The flow has no revision ${number}.`, {
      hint: `Its latest is ${flow.revision}.`,
    });
  }
  return { ...revision, flowId: flow.id as FlowId, slug: flow.slug, number, flow: flowOf(revision) };
}

/**
 * A draft's text as a run that tries it out pins it: as a revision that is none, and in no list. Fails with "bad-input" (details:
 * `Problem[]`) for a text with errors.
 */
export async function pinDraft(
  db: Database,
  scope: Scope,
  draft: { readonly flow: FlowId; readonly text: string },
  knowledge?: Knowledge,
): Promise<PinnedRevision> {
  authorize(scope, flowPolicy.edit);
  const { text } = draft;
  const flow = runnable(text, knowledge, "try it");
  const hash = sha256(text);
  return transaction(db, async (tx) => {
    const target = await store.lockFlow(scope, tx, { id: draft.flow });
    if (target === null) throw missing();
    const { id: flowId, slug } = target;
    const kept = await store.keepTried(scope, tx, { id: newId("rev"), flowId, hash, text });
    return { ...kept, flowId, slug, text, flow };
  });
}

/** A revision by its id: what the engine drives a run by. */
export async function loadRevision(db: Database, scope: Scope, id: string): Promise<PinnedRevision> {
  const revision = await store.readRevisionById(scope, db, id);
  if (revision === null) throw new BatonError("not-found", "There is no such revision.");
  return { ...revision, flow: flowOf(revision) };
}

/** The text of a revision. */
export async function revisionText(db: Database, scope: Scope, id: string): Promise<string> {
  authorize(scope, flowPolicy.see);
  const revision = await store.readRevisionById(scope, db, id);
  if (revision === null) throw new BatonError("not-found", "There is no such revision.");
  return revision.text;
}

/** The latest text of a flow under an id that is free. Nothing is saved. */
export async function duplicateFlow(
  db: Database,
  scope: Scope,
  slug: string,
): Promise<{ slug: string; text: string }> {
  authorize(scope, flowPolicy.duplicate);
  const flow = await store.findFlow(scope, db, slug);
  if (flow === null) throw missing();
  const revision = await store.readRevision(scope, db, flow.id, flow.revision);
  if (revision === null) throw missing();
  const used = new Set(await store.readSlugs(scope, db, `${slug}-copy`));
  let copy = `${slug}-copy`;
  for (let n = 2; used.has(copy); n += 1) copy = `${slug}-copy-${n}`;
  return { slug: copy, text: withId(revision.text, copy) };
}

/** What else belongs to archiving a flow, in its transaction. */
export type AlsoArchived = (
  tx: Transaction,
  flow: { readonly id: FlowId; readonly archived: boolean; readonly latest: Flow; readonly revision: number },
) => Promise<void>;

/** Takes a flow out of the lists, or brings it back. Its runs stay. */
export async function archiveFlow(
  db: Database,
  scope: Scope,
  slug: string,
  archived: boolean,
  also?: AlsoArchived,
): Promise<void> {
  authorize(scope, flowPolicy.archive);
  await transaction(db, async (tx) => {
    const flow = await store.setArchived(scope, tx, slug, archived);
    if (flow === null) throw missing();
    if (!flow.changed) return;
    if (also !== undefined) {
      const latest = await store.latestText(scope, tx, flow.id);
      const read = latest === null ? null : parseFlow(latest.text).flow;
      if (latest !== null && read !== null) {
        await also(tx, { id: flow.id as FlowId, archived, latest: read, revision: latest.number });
      }
    }
    await writeAudit(tx, scope, {
      action: archived ? "flow.archived" : "flow.restored",
      subject: { kind: "flow", id: flow.id },
      body: { slug },
    });
    await notify(tx, "workspace", `${scope.workspaceId} flow ${flow.id}`);
  });
}

const mostRead = 200;
/** Flows of the revisions that were started or driven last. A revision never changes, so that none gets out of date. */
const read = new Map<string, Flow>();

function flowOf(revision: { readonly id: string; readonly text: string }): Flow {
  const known = read.get(revision.id);
  read.delete(revision.id);
  const flow = known ?? runnable(revision.text);
  read.set(revision.id, flow);
  const [oldest] = read.keys();
  if (read.size > mostRead && oldest !== undefined) read.delete(oldest);
  return flow;
}

/** The parsed flow of a text without errors; "bad-input" with the problems otherwise. */
function runnable(text: string, knowledge?: Knowledge, then = "publish"): Flow {
  const parsed = parseFlow(text);
  const problems = validateFlow(parsed, knowledge);
  const errors = problems.filter((problem) => problem.severity === "error");
  const first = errors[0];
  if (parsed.flow !== null && first === undefined) return parsed.flow;
  const more = errors.length > 1 ? ` And ${errors.length - 1} more.` : "";
  throw new BatonError(
    "bad-input",
    first === undefined
      ? "The text is not a flow."
      : `The flow has a problem in line ${first.line}: ${first.message}${more}`,
    { hint: `Correct the marked places, then ${then} again.`, details: problems },
  );
}

async function targetOf(
  tx: Transaction,
  scope: Scope,
  slug: string,
  into: Publication["into"],
): Promise<{ id: FlowId; slug: string } | null> {
  const holder = await store.lockFlow(scope, tx, { slug });
  if (into === "any") return holder;
  if (into === "new") {
    if (holder !== null) throw taken(slug);
    return null;
  }
  const flow = await store.lockFlow(scope, tx, { id: into });
  if (flow === null) throw missing();
  if (holder !== null && holder.id !== flow.id) throw taken(slug);
  return flow;
}

const unpublished = (title: string) =>
  new BatonError("conflict", `"${title}" has not been published yet.`, {
    hint: "Publish its draft first.",
    details: { draft: true },
  });
const missing = () => new BatonError("not-found", "There is no such flow.");
const taken = (slug: string) =>
  new BatonError("conflict", `Another flow has the id "${slug}" already.`, {
    hint: `Open that flow to publish this as its next revision, or change the first line to another id.`,
  });

/** Inputs of revisions that were looked at lately, by the revision's id: a revision never changes. */
const shapes = new Map<string, Shape>();
const mostShapes = 2000;

/** Inputs of the latest revision of every flow that can be started. */
export async function flowInputs(
  db: Database,
  scope: Scope,
): Promise<{ get(id: string): Shape | undefined; ids(): readonly string[] }> {
  authorize(scope, flowPolicy.see);
  const latest = await store.readLatestRevisions(scope, db);
  const unknown = [...latest.values()].filter((id) => !shapes.has(id));
  const texts = unknown.length === 0 ? [] : await store.readTexts(scope, db, unknown);
  if (shapes.size + texts.length > mostShapes) shapes.clear();
  const found = new Map([...latest].map(([slug, id]) => [slug, shapes.get(id)]));
  for (const { id, slug, text } of texts) {
    const shape = parseFlow(text).flow?.inputs;
    if (!shape) continue;
    shapes.set(id, shape);
    found.set(slug, shape);
  }
  return { ids: () => [...latest.keys()], get: (id) => found.get(id) };
}
