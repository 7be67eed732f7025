/**
 * A worker as in production whose model speaks as fast as it can. Answers "memory" with the bytes that its heap holds
 * once garbage was collected.
 */
import { makeId } from "#base/index.ts";
import { openDatabase, randomSource, settings as readSettings } from "#platform/index.ts";
import { connectWorld } from "../src/processes/worker/connect.ts";
import { startWorker } from "../src/processes/worker/drive.ts";

const [, , url = ""] = process.argv;
const db = openDatabase(url, { connections: 80, name: "baton worker" });
const fail = (error: unknown): never => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
};
const driving = await startWorker({
  db,
  worker: makeId("wrk", Date.now(), randomSource),
  concurrency: 64,
  alone: undefined,
  connect: connectWorld(db, readSettings(), null),
  startAlone: () => Promise.resolve(1),
  onDone: () => undefined,
  onDeclaredDead: () => fail(new Error("This worker was declared dead.")),
  onFailure: fail,
});
process.on("message", (message) => {
  if (message !== "memory") return;
  for (let i = 0; i < 4; i += 1) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ bytes: heapUsed + external });
});
process.on("disconnect", () => void driving.stop().then(() => process.exit(0)));
process.send?.({ ready: true });
