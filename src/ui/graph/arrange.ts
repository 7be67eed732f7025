import type { ELK } from "elkjs/lib/elk-api.js";
import { arrangementOf, type Arrangement, type Dag, elkGraphOf, keyOf } from "./dag.ts";
import { defaultLayout } from "./layout.ts";

/** Arrangements that are remembered; each is small, and a text that is being written asks for many. */
const most = 200;
const known = new Map<string, Arrangement | null>();
const asked = new Map<string, Promise<void>>();
let elk: Promise<Pick<ELK, "layout">> | null = null;

/** All that were found so far on this page, by key. */
export const arrangements: ReadonlyMap<string, Arrangement | null> = known;

async function startElk(): Promise<Pick<ELK, "layout">> {
  const { default: Elk } = await import("elkjs/lib/elk-api.js");
  return new Elk({
    workerFactory: () => new Worker(new URL("./elk.worker.ts", import.meta.url), { type: "module" }),
  });
}

/** Has a worker arrange a dag; what it finds is in {@link arrangements} afterwards. */
export function arrange(dag: Dag): Promise<void> {
  const key = keyOf(dag);
  if (known.has(key)) return Promise.resolve();
  const before = asked.get(key);
  if (before !== undefined) return before;
  const done = find(dag)
    // Without ELK a dag is drawn in ranks, as it was until now.
    .catch(() => null)
    .then((found) => {
      known.set(key, found);
      asked.delete(key);
      for (const oldest of known.keys()) {
        if (known.size <= most) break;
        known.delete(oldest);
      }
    });
  asked.set(key, done);
  return done;
}

async function find(dag: Dag): Promise<Arrangement | null> {
  elk ??= startElk();
  const { gapX: x, gapY: y } = defaultLayout;
  return arrangementOf(dag, await (await elk).layout(elkGraphOf(dag, { x, y })));
}
