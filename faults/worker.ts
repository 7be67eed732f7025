/**
 * A worker as in production, but for two things: it may be told at which point to kill itself, and its simulated model
 * answers without a pace.
 */
import { request } from "node:http";
import { BatonError, isId, makeId } from "#base/index.ts";
import type { PostgresJournal } from "#journal/index.ts";
import {
  type Database,
  openDatabase,
  randomSource,
  settings as readSettings,
  throughOutage,
} from "#platform/index.ts";
import { fail, live } from "../src/processes/lifetime.ts";
import { startChild } from "../src/processes/start/child.ts";
import { connectWorld } from "../src/processes/worker/connect.ts";
import { type Connection, startWorker } from "../src/processes/worker/drive.ts";
import type { KillPoint } from "./fleet.ts";

function die(): void {
  process.kill(process.pid, "SIGKILL");
}

/** The tool of this name takes down whoever calls it, every time. */
const deadly = "crash";

const recordedSql = `select 1 from event_batch as batch
  cross join lateral json_array_elements(batch.bodies::json) as event(body)
  where batch.run_id = $1 and strpos(batch.bodies, $2) > 0
    and event.body->>'type' = 'tool-call-finished' and event.body->>'key' = $3`;

/** Tells the receiver of a call that is about to be made although its result is in the journal. */
async function reportRepeated(db: Database, run: string, key: string): Promise<void> {
  // What this harness looks up besides must not fail the call.
  const { rowCount } = await throughOutage(
    () => db.pool.query(recordedSql, [run, JSON.stringify(key), key]),
    { what: "to look for a result" },
  );
  if ((rowCount ?? 0) > 0) await tell("repeated", key);
}

function tell(what: "repeated" | "worker", key: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = { "idempotency-key": key };
    request(`${process.env["BATON_FAULT_RECEIVER"]}/${what}`, { method: "POST", headers }, (response) => {
      response.resume();
      response.on("end", resolve);
    })
      .on("error", reject)
      .end();
  });
}

/** The connection with a point of death in it. */
function mortal(
  db: Database,
  world: Connection,
  journal: PostgresJournal,
  kill: KillPoint | null,
): Connection {
  const counts = { append: 0, effect: 0 };
  async function through<Result>(what: KillPoint["what"], act: () => Promise<Result>): Promise<Result> {
    counts[what] += 1;
    const here = kill !== null && kill.what === what && kill.number === counts[what];
    if (here && kill.when === "before") die();
    const acted = act();
    if (here && kill.when === "in") setImmediate(die);
    const result = await acted;
    if (here) die();
    return result;
  }
  return {
    ...world,
    journal: { ...journal, append: (request) => through("append", () => journal.append(request)) },
    models: { call: (request, emit) => through("effect", () => world.models.call(request, emit)) },
    tools: {
      catalog: (workspace, flow) => world.tools.catalog(workspace, flow),
      async call(call) {
        if (call.tool === deadly) die();
        await reportRepeated(db, call.run, call.key);
        if (process.env["BATON_FAULT_TELL"] === "1")
          await tell("worker", process.env["BATON_WORKER_ID"] ?? "");
        return through("effect", () => world.tools.call(call));
      },
    },
  };
}

async function begin(): Promise<{ stop(): Promise<void> }> {
  const settings = readSettings();
  const kill = JSON.parse(process.env["BATON_FAULT"] ?? "null") as KillPoint | null;
  const id = process.env["BATON_WORKER_ID"];
  const worker = isId("wrk", id) ? id : makeId("wrk", Date.now(), randomSource);
  const given = process.env["BATON_ALONE_RUN"];
  const db = openDatabase(settings.databaseUrl ?? "", {
    connections: settings.concurrency + 10,
    name: `baton ${worker}`,
  });
  const world = connectWorld(db, settings, null);
  return startWorker({
    db,
    worker,
    alone: isId("run", given) ? given : undefined,
    concurrency: settings.concurrency,
    connect: (journal, gates) => mortal(db, world(journal, gates), journal, kill),
    async startAlone(other, run) {
      const child = startChild("../../faults/worker.ts", {
        BATON_WORKER_ID: other,
        BATON_ALONE_RUN: run,
        BATON_FAULT: process.env["BATON_FAULT_ALONE"] ?? "null",
      });
      return (await child.ended).code;
    },
    onDone: () => process.exit(0),
    onFailure: fail,
    onDeclaredDead: () => fail(new BatonError("conflict", "This worker was declared dead.")),
  });
}

await live(begin);
