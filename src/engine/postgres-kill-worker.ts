/**
 * A worker for the kill tests: drives one run, and ends itself by SIGKILL at a given point. Its model and its tool are
 * one HTTP server that counts what it is asked to do, by key.
 */
import { createHash, randomBytes } from "node:crypto";
import { request } from "node:http";
import type { Json, RunId, WorkerId } from "#base/index.ts";
import { type Flow, parseFlow } from "#flow/index.ts";
import { type ToolFacts, machineVersion } from "#flow/machine/index.ts";
import { type Journal, createPostgresJournal, createWatcher, registerWorker } from "#journal/index.ts";
import { createListener, openDatabase } from "#platform/index.ts";
import { createEngine } from "./index.ts";

/** `append:3:in`: while the third append is under way. */
export type KillPoint = {
  readonly what: "append" | "effect";
  readonly number: number;
  readonly when: "before" | "in" | "after";
};

export const killFlow: Flow = flowOf(`
id: kill
agents:
  helper: { instructions: Help., tools: [post] }
tasks:
  - id: first
    tool: post
    with: { text: first }
  - id: ask
    agent: helper
    prompt: Post something.
  - id: last
    tool: post
    with: { text: "{{ tasks.ask.output }}" }
outputs: { text: "{{ tasks.ask.output }}" }
`);

function flowOf(text: string): Flow {
  const { flow, problems } = parseFlow(text);
  if (flow === null) throw new Error(JSON.stringify(problems));
  return flow;
}

const facts: ToolFacts = {
  name: "post",
  description: "Posts a text",
  risk: "low",
  approval: null,
  inputSchema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
  outputSchema: null,
  schemaHash: "post",
  repeatable: true,
};

/** Asks the counting server to do something once under this key. */
function ask(receiver: string, key: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request(
      `${receiver}/?key=${encodeURIComponent(key)}`,
      { method: "POST", agent: false },
      (response) => {
        response.resume();
        response.on("end", resolve);
      },
    );
    call.on("error", reject);
    call.end();
  });
}

function die(): void {
  process.kill(process.pid, "SIGKILL");
}

/** Drives the run until it parks or ends, or until the kill point. */
export async function driveOnce(options: {
  readonly url: string;
  readonly receiver: string;
  readonly run: RunId;
  readonly worker: WorkerId;
  readonly kill: KillPoint | null;
}): Promise<void> {
  const { receiver, run, worker, kill } = options;
  const db = openDatabase(options.url);
  const listener = createListener(options.url);
  const watcher = createWatcher(db, listener);
  await registerWorker(db.pool, { id: worker, host: "test", pid: process.pid });
  const journal = createPostgresJournal({ db, machineVersion });
  let appends = 0;
  let effects = 0;
  const hits = (what: KillPoint["what"], number: number, when: KillPoint["when"]): boolean =>
    kill !== null && kill.what === what && kill.number === number && kill.when === when;
  const killing: Journal = {
    ...journal,
    async append(append) {
      const number = (appends += 1);
      if (hits("append", number, "before")) die();
      const answer = journal.append(append);
      if (hits("append", number, "in")) setImmediate(die);
      const result = await answer;
      if (hits("append", number, "after")) die();
      return result;
    },
  };
  const effect = async (key: string): Promise<void> => {
    const number = (effects += 1);
    if (hits("effect", number, "before")) die();
    const asked = ask(receiver, key);
    if (hits("effect", number, "in")) setImmediate(die);
    await asked;
    if (hits("effect", number, "after")) die();
  };
  const engine = createEngine({
    journal: killing,
    worker,
    sha256: (text) => createHash("sha256").update(text).digest("hex"),
    random: (count) => new Uint8Array(randomBytes(count)),
    revisions: () => Promise.resolve({ flow: killFlow }),
    tools: {
      catalog: () => ({ get: (name) => (name === "post" ? facts : undefined), names: () => ["post"] }),
      async call({ key, args }): Promise<Json> {
        await effect(key);
        return args;
      },
    },
    models: {
      async call({ key, messages }, emit) {
        emit({ type: "text-delta", id: "1", delta: "Hm." });
        await effect(key);
        const posted = messages.some((message) => message.role === "tool");
        return {
          text: posted ? "Posted." : "",
          reasoning: "",
          toolCalls: posted ? [] : [{ callId: "c1", tool: "post", args: { text: "by the agent" } }],
          finishReason: "stop",
          provider: "test",
          model: "test",
          simulated: false,
          usage: {},
          cost: "unknown",
        };
      },
    },
    approvals: {
      open: () => Promise.resolve(),
      withdraw: () => Promise.resolve(),
      expire: () => Promise.resolve("expired" as const),
    },
    onSignal: (id, wake) => watcher.onSignal(id, wake),
  });
  await engine.drive(run);
  await engine.stop();
  watcher.close();
  await listener.close();
  journal.close();
  await db.close();
}

if (import.meta.main) {
  const given = JSON.parse(process.argv[2] ?? "{}") as Parameters<typeof driveOnce>[0];
  await driveOnce(given);
  process.stdout.write("done\n");
}
