import { decideApproval, listApprovals } from "#people/index.ts";
import { BatonError } from "#base/index.ts";
import { pause } from "./wait.ts";
import type { Receiver } from "./receiver.ts";
import type { Site } from "./site.ts";

/** A call that was on its way when its worker died arrives within this time, in milliseconds. */
const arrivalMs = 400;

export type Person = {
  /** Decisions by their words. */
  readonly decided: ReadonlyMap<string, number>;
  stop(): Promise<void>;
};

/**
 * Decides whatever is asked, first choice; of a lost call, whether it happened, having looked at the receiver. A
 * decision that gets no answer is made again.
 */
export function startPerson(site: Site, receiver: Receiver): Person {
  const decided = new Map<string, number>();
  let stopped = false;
  async function round(): Promise<void> {
    const open = await listApprovals(site.db, site.scope, "pending");
    await Promise.all(
      open.map(async (each) => {
        if (each.kind === "outcome-unknown") {
          if (Date.now() - each.createdAt < arrivalMs) return;
          const key = keyOf(each.details);
          const happened = (receiver.effects.get(key) ?? 0) > 0;
          await decide(each, happened ? "happened" : "again", happened ? { result: { did: "pay" } } : null);
        } else {
          const choice = each.decisions[0]?.decision ?? "approve";
          await decide(each, choice, each.fields === null ? null : {});
        }
      }),
    );
  }
  async function decide(
    { id, hash, kind }: { id: string; hash: string; kind: string },
    decision: string,
    answer: Parameters<typeof decideApproval>[2]["answer"],
  ): Promise<void> {
    try {
      await decideApproval(site.db, site.scope, { id, hash, decision, comment: "", answer });
      const name = `${kind}: ${decision}`;
      decided.set(name, (decided.get(name) ?? 0) + 1);
    } catch (error) {
      // Withdrawn or decided meanwhile; anything else is tried again in the next round.
      if (BatonError.isInstance(error) && error.code !== "conflict") throw error;
    }
  }
  const running = (async () => {
    while (!stopped) {
      await round().catch((error: unknown) => {
        if (BatonError.isInstance(error)) throw error;
      });
      await pause(120);
    }
  })();
  running.catch(() => undefined);
  return {
    decided,
    async stop() {
      stopped = true;
      await running;
    },
  };
}

function keyOf(details: unknown): string {
  return typeof details === "object" && details !== null && "key" in details ? String(details.key) : "";
}
