"use client";
import { useEffect, useState, useSyncExternalStore } from "react";
import type { Text, UndoManager } from "yjs";
import { gestureOrigin } from "./apply.ts";
import { flowTextRoot, openLive, type LiveClient, type LiveStatus, type Person } from "#collab/client.ts";
import { claimField } from "./presence/claims.ts";
import { clashField } from "./presence/use-clash.ts";

export type LiveDraft = {
  readonly client: LiveClient;
  readonly text: Text;
  readonly undo: UndoManager;
};

/** Opens the live document of a flow's draft for as long as the page stands. Null until there is something to show. */
export function useDraft(
  flowId: string,
  userId: string,
): { draft: LiveDraft | null; client: LiveClient | null } {
  const [opened, setOpened] = useState<LiveDraft | null>(null);
  const [isReady, setIsReady] = useState(false);
  useEffect(() => {
    const client = openLive({ kind: "flow", subject: flowId, user: userId });
    const text = client.doc.getText(flowTextRoot);
    const undo = client.undo(text, [gestureOrigin]);
    let isCurrent = true;
    setOpened({ client, text, undo });
    void client.whenReady.then(() => {
      if (isCurrent) setIsReady(true);
    });
    return () => {
      isCurrent = false;
      setIsReady(false);
      setOpened(null);
      undo.destroy();
      client.destroy();
    };
  }, [flowId, userId]);
  return { draft: isReady ? opened : null, client: opened?.client ?? null };
}

export type LiveFacts = {
  readonly status: LiveStatus;
  readonly people: readonly Person[];
  readonly closed: { readonly code: number; readonly reason: string } | null;
};

const nothing: LiveFacts = { status: "connecting", people: [], closed: null };
const known = new WeakMap<LiveClient, LiveFacts>();

function factsOf(client: LiveClient): LiveFacts {
  const before = known.get(client);
  const people = client.people();
  const next: LiveFacts = { status: client.status, people, closed: client.closed };
  const isSame =
    before !== undefined &&
    before.status === next.status &&
    before.closed === next.closed &&
    before.people.length === people.length &&
    before.people.every((person, index) => sayTheSame(person, people[index]));
  if (isSame) return before;
  known.set(client, next);
  return next;
}

/** What the page shows of people. Their cursors and pointers move too often for it, and are drawn apart. */
const saidFields = ["selected", claimField, clashField];

function sayTheSame(a: Person, b: Person | undefined): boolean {
  return (
    b !== undefined &&
    a.client === b.client &&
    a.id === b.id &&
    a.role === b.role &&
    a.self === b.self &&
    saidFields.every((field) => JSON.stringify(a.state[field]) === JSON.stringify(b.state[field]))
  );
}

/** How saving stands and who is here. */
export function useLiveFacts(client: LiveClient | null): LiveFacts {
  return useSyncExternalStore(
    (hear) => client?.subscribe(hear) ?? (() => {}),
    () => (client === null ? nothing : factsOf(client)),
    () => nothing,
  );
}

/** The text of a draft as it is now, and again whenever anybody changes it. */
export function useDraftText(text: Text | null): string {
  return useSyncExternalStore(
    (hear) => {
      text?.observe(hear);
      return () => text?.unobserve(hear);
    },
    () => text?.toString() ?? "",
    () => "",
  );
}
