import { journalConformance } from "../conformance.ts";
import { newId } from "../testing/world.ts";
import { memoryJournal } from "./index.ts";

journalConformance("the journal in memory", async () => {
  const journal = memoryJournal();
  const workspace = newId("ws");
  return {
    worker: async () => ({ id: newId("wrk"), journal }),
    place: async () => ({ workspace, flow: "flow", revision: "rev" }),
    declareDead: async (worker) => journal.declareDead(worker),
    send: async (event) => journal.sendEvent(event),
    close: async () => undefined,
  };
});
