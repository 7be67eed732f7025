import { messageOf } from "#base/index.ts";
import type { LiveDocuments } from "#collab/index.ts";
import { newId, type Scope, systemScope } from "#governance/index.ts";
import { log } from "#platform/index.ts";
import { editEntries } from "./documents.ts";
import { settleEntry } from "./entries.ts";

/** Has what people typed become a stored version once they are quiet, so that the history has it. */
export type Settler = {
  /** Somebody typed in an entry's text. */
  readonly typed: (scope: Scope, subject: string, name: string) => void;
  /** Settles what waits, and takes no more. */
  close(): Promise<void>;
};

/**
 * `quietMs`: how long nobody typed in an entry before it is settled; 20 seconds unless given. Nothing depends on it: who
 * reads an entry reads what was typed at once, and what a process that died did not settle, the next write does.
 */
export function createSettler(live: LiveDocuments, now: () => number, quietMs = 20_000): Settler {
  const waiting = new Map<string, { readonly timer: NodeJS.Timeout; readonly settle: () => Promise<void> }>();
  let closed = false;

  function settling(scope: Scope, subject: string, name: string): () => Promise<void> {
    return async () => {
      try {
        await editEntries(live, systemScope(scope.workspaceId, "memory"), subject, {
          by: { kind: "flow", id: "memory", name: "Baton" },
          key: newId("edit"),
          now: now(),
          change: (entries) => settleEntry(entries, name),
          again: () => false,
        });
      } catch (error) {
        log.warn(
          { subject, name, error: messageOf(error) },
          "what was typed could not be made a version yet",
        );
      }
    };
  }

  return {
    typed(scope, subject, name) {
      if (closed) return;
      const key = `${subject}\n${name}`;
      const before = waiting.get(key);
      clearTimeout(before?.timer);
      const settle = before?.settle ?? settling(scope, subject, name);
      const timer = setTimeout(() => {
        waiting.delete(key);
        void settle();
      }, quietMs);
      timer.unref();
      waiting.set(key, { timer, settle });
    },
    async close() {
      closed = true;
      const left = [...waiting.values()];
      waiting.clear();
      await Promise.all(
        left.map(({ timer, settle }) => {
          clearTimeout(timer);
          return settle();
        }),
      );
    },
  };
}
