import type * as Y from "yjs";
import { BatonError, type FlowId } from "#base/index.ts";
import {
  flowKind,
  flowTextRoot,
  type Address,
  type DocumentKind,
  type LiveDocuments,
} from "#collab/index.ts";
import { parseFlow } from "#flow/index.ts";
import { authorize, flowPolicy, newId, type Scope, writeAudit } from "#governance/index.ts";
import { notify, sha256, transaction, type Database } from "#platform/index.ts";
import type { ListedRevision } from "./library.ts";
import * as store from "./store.ts";

/** What the editor shows around a draft. Its text is the live document's. */
export type Draft = {
  flowId: FlowId;
  slug: string;
  title: string;
  archived: boolean;
  /** The latest revision; null while the flow has never been published. */
  latest: { number: number; text: string } | null;
  revisions: ListedRevision[];
};

/** What somebody looked at before publishing. */
export type Reviewed = {
  /** SHA-256 of the text in UTF-8, as hex. */
  readonly hash: string;
  /** State vector of the document that they looked at. */
  readonly stateVector: Uint8Array;
};

/** Where the draft of a flow is kept. */
export function draftAddress(flow: FlowId): Address {
  return { kind: "flow", subject: flow };
}

/**
 * Drafts of flows as live documents: one that was never opened begins as its flow's latest revision, or where there is
 * none with nothing but the flow's id.
 */
export function draftKind(db: Database): DocumentKind {
  return flowKind(async (flow) => {
    const origin = await store.readOrigin(db, flow);
    if (origin === null) return null;
    const { workspaceId, slug, text } = origin;
    return { workspaceId, fill: (doc) => fill(doc, text ?? `id: ${slug}\ntasks: []\n`) };
  });
}

function fill(doc: Y.Doc, text: string): void {
  doc.getText(flowTextRoot).insert(0, text);
}

/** The facts of a flow around its draft. Found by a former slug as well, as links are. */
export async function getDraft(db: Database, scope: Scope, slug: string): Promise<Draft> {
  authorize(scope, flowPolicy.see);
  const flow = await store.findFlowOfLink(scope, db, slug);
  if (flow === null) throw new BatonError("not-found", "There is no such flow.");
  const [latest, revisions] = await Promise.all([
    store.readRevision(scope, db, flow.id, flow.revision),
    store.readRevisions(scope, db, flow.id),
  ]);
  return {
    flowId: flow.id as FlowId,
    slug: flow.slug,
    title: flow.title,
    archived: flow.archived,
    latest: latest === null ? null : { number: flow.revision, text: latest.text },
    revisions,
  };
}

/**
 * Makes a flow that has a draft and no revision yet. Any text will do: what is wrong with it is for the editor to show.
 * Where the text's id belongs to another flow, or can't be read, it gets one that is free.
 */
export async function createFlow(
  db: Database,
  live: LiveDocuments,
  scope: Scope,
  text: string,
): Promise<{ flowId: FlowId; slug: string }> {
  authorize(scope, flowPolicy.edit);
  const read = parseFlow(text).flow;
  const wanted = read?.id ?? "untitled";
  const flowId = newId("flow");
  const made = await transaction(db, async (tx) => {
    const used = new Set(await store.readSlugs(scope, db, wanted));
    for (let n = 1; ; n += 1) {
      const slug = n === 1 ? wanted : `${wanted}-${n}`;
      if (used.has(slug)) continue;
      const facts = {
        slug,
        title: read?.title ?? slug,
        description: read?.description ?? "",
        labels: read?.labels ?? {},
      };
      if (!(await store.insertFlow(scope, tx, flowId, facts))) continue;
      await writeAudit(tx, scope, {
        action: "flow.created",
        subject: { kind: "flow", id: flowId },
        body: { slug },
      });
      await notify(tx, "workspace", `${scope.workspaceId} flow ${flowId}`);
      return slug;
    }
  });
  await live.create(scope, draftAddress(flowId), (doc) => fill(doc, withId(text, made)));
  return { flowId, slug: made };
}

/**
 * The text that somebody reviewed, once everything in it is committed. "conflict" where the draft has another text by
 * then; its details hold that text, so that the difference can be shown.
 */
export async function reviewedText(
  live: LiveDocuments,
  scope: Scope,
  flow: FlowId,
  reviewed: Reviewed,
  then: "publish" | "try it" = "publish",
): Promise<string> {
  authorize(scope, then === "publish" ? flowPolicy.publish : flowPolicy.edit);
  const { doc } = await live.whenCommitted(scope, draftAddress(flow), reviewed.stateVector);
  const text = doc.getText(flowTextRoot).toString();
  doc.destroy();
  if (sha256(text) === reviewed.hash) return text;
  throw new BatonError("conflict", "The draft has changed since you looked at it.", {
    hint: `See what changed, then ${then} again.`,
    details: { text },
  });
}

/** Gives a text's top-level `id` another value, or an `id` where it has none. */
export function withId(text: string, id: string): string {
  const line = /^id:.*$/m;
  return line.test(text) ? text.replace(line, `id: ${id}`) : `id: ${id}\n${text}`;
}
