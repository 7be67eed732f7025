import { BatonError, type FileRef, type Json, type RunId, type WorkspaceId } from "#base/index.ts";
import type { Flow, LocalTool, ToolCatalog, ToolFacts } from "#flow/index.ts";
import { localToolFacts, rememberTool } from "#flow/machine/index.ts";
import type { RunMemory } from "#memory/index.ts";
import {
  type EgressPolicy,
  type OutboundFetch,
  type OutboundLimits,
  createOutboundFetch,
  sha256,
} from "#platform/index.ts";
import { filesQuery } from "./builtin/files-query.ts";
import { filesRead } from "./builtin/files-read.ts";
import { type FetchOf, httpTools } from "./builtin/http.ts";
import { memoryTools } from "./builtin/memory.ts";
import { notify } from "./builtin/notify.ts";
import { factsOf } from "./facts.ts";
import { callHttpTool } from "./local/http.ts";
import { runScript, scriptWork } from "./local/script.ts";
import { perform } from "./perform.ts";
import { type ScriptRunner, createScriptRunner, scriptTimeoutMs } from "./sandbox/script.ts";
import { type SqlRunner, createSqlRunner } from "./sandbox/sql.ts";
import { refuseSecrets, resolveSecrets, secretsNamedIn } from "./secrets.ts";
import type { Tool, ToolContext } from "./spec.ts";
import { taskAt } from "./task-at.ts";

/** What tools need from the rest of Baton. The process that runs them hands it in. */
export type ToolPorts = {
  /** Where the workspace's tools may connect to. */
  egress(workspace: WorkspaceId): EgressPolicy | Promise<EgressPolicy>;
  /** Content of a file of the workspace; "not-found" for any other. */
  openFile(file: { workspace: WorkspaceId; run: RunId; file: FileRef }): Promise<Uint8Array>;
  /** Value of a secret; from then on it is redacted from whatever the run stores or streams. */
  secret(secret: { workspace: WorkspaceId; run: RunId; name: string }): Promise<string>;
  /** Tells members something; once for each `key`. */
  notify(message: {
    workspace: WorkspaceId;
    run: RunId;
    path: string;
    key: string;
    to: string;
    title: string;
    text: string;
  }): Promise<{ notified: number }>;
  /** Shared memory. Without it, what is remembered and read fails. */
  memory?: Pick<RunMemory, "call">;
  /** Epoch milliseconds. */
  now(): number;
  /** What scripts write to their console. */
  scriptLog?(lines: { run: RunId; path: string; lines: readonly string[] }): void;
  /** For tests: caps and name service of the outbound client. */
  outbound?: OutboundLimits;
};

/** One call. The machine has checked grant, approval and arguments. */
export type ToolCallRequest = {
  readonly workspace: WorkspaceId;
  readonly run: RunId;
  readonly flow: Flow;
  readonly path: string;
  readonly key: string;
  /** A tool of the registry or of the flow; `script` for script tasks, with `{ language, code, args, files }`. */
  readonly tool: string;
  readonly args: Json;
  /** Name of the agent that called, or null when the flow itself did. */
  readonly agent: string | null;
  readonly signal: AbortSignal;
};

export type Tools = {
  /** The registry and the flow's own tools. A flow's tool goes before one of the registry with the same name. */
  catalog(workspace: WorkspaceId, flow: Flow): ToolCatalog;
  /** Fails with a BatonError. */
  call(call: ToolCallRequest): Promise<Json>;
  /** Ends all processes that run scripts and queries. */
  close(): void;
};

/** The name under which script tasks reach {@link Tools.call}. No agent can be granted it. */
const scriptTask = "script";
const localHttpTimeoutMs = 30_000;

/** Makes the tools of a process. Processes of scripts and queries are started by the first call that needs one. */
export function createTools(ports: ToolPorts): Tools {
  const scripts = createScriptRunner();
  const sql = createSqlRunner();
  const fetchOf = fetches(ports);
  const registry = new Map(builtinTools(sql, fetchOf).map((tool) => [tool.name, tool]));
  const registryFacts = new Map([...registry].map(([name, tool]) => [name, factsOf(tool)]));
  const catalogs = new WeakMap<Flow, ToolCatalog>();

  return {
    catalog(_workspace, flow) {
      let catalog = catalogs.get(flow);
      if (catalog === undefined) {
        catalog = catalogOf(registryFacts, flow);
        catalogs.set(flow, catalog);
      }
      return catalog;
    },

    async call(call) {
      const seen: string[] = [];
      const context = contextOf(ports, call, seen);
      const args = await openArguments(call, context);
      if (call.tool === scriptTask && call.agent === null) {
        return callScriptTask(scripts, call, args, context, logger(ports, call, seen));
      }
      if (call.tool === rememberTool && call.agent === null) {
        return perform(
          {
            name: rememberTool,
            timeoutMs: 15_000,
            outputSchema: null,
            call: () => context.memory("remember", args),
          },
          call.signal,
        );
      }
      const local = Object.hasOwn(call.flow.tools, call.tool) ? call.flow.tools[call.tool] : undefined;
      if (local !== undefined)
        return callLocal(local, call, args, context, { scripts, fetchOf, tell: logger(ports, call, seen) });
      const tool = registry.get(call.tool);
      if (tool === undefined) {
        throw new BatonError("misconfigured", `There is no tool named "${call.tool}".`, {
          hint: "See the tools of the workspace.",
        });
      }
      return perform({ ...tool, call: (signal) => tool.call(args, { ...context, signal }) }, call.signal);
    },

    close() {
      scripts.close();
      sql.close();
    },
  };
}

/** What the Tools page shows: the registry, in the order of names. */
export function toolRows(): Pick<
  Tool,
  "name" | "title" | "description" | "risk" | "effect" | "inputSchema" | "outputSchema"
>[] {
  const never = (): never => {
    throw new BatonError("internal", "A tool was called that is only there to be shown.");
  };
  return builtinTools({ run: never, close: never }, never)
    .map(({ name, title, description, risk, effect = "outside", inputSchema, outputSchema }) => ({
      name,
      title,
      description,
      risk,
      effect,
      inputSchema,
      outputSchema,
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Facts of the registry, for validation where no flow runs. */
export function builtinFacts(): readonly ToolFacts[] {
  return toolRows().map((row) =>
    factsOf({ ...row, idempotent: false, takesKey: false, timeoutMs: 0, call: noCall }),
  );
}

async function noCall(): Promise<Json> {
  throw new BatonError("internal", "A tool was called that is only there to be shown.");
}

export function builtinTools(sql: SqlRunner, fetchOf: FetchOf): readonly Tool[] {
  return [...httpTools(fetchOf), filesRead, filesQuery(sql), notify, ...memoryTools];
}

function catalogOf(registry: ReadonlyMap<string, ToolFacts>, flow: Flow): ToolCatalog {
  const all = new Map(registry);
  for (const facts of localToolFacts(flow, sha256)) {
    if (facts.name !== scriptTask && facts.name !== rememberTool) all.set(facts.name, facts);
  }
  const names = [...all.keys()].toSorted();
  return { get: (name) => all.get(name), names: () => names };
}

/** One outbound client for each policy, so that connections are used again. */
function fetches(ports: ToolPorts): FetchOf {
  const clients = new Map<string, OutboundFetch>();
  return async (workspace) => {
    const policy = await ports.egress(workspace);
    const key = JSON.stringify([workspace, policy]);
    let client = clients.get(key);
    if (client === undefined) {
      // Time is capped by the tool that asks; this is beyond the longest of them.
      client = createOutboundFetch(policy, { timeoutMs: 3_600_000, ...ports.outbound });
      if (clients.size >= 100) clients.clear();
      clients.set(key, client);
    }
    return client;
  };
}

/** `seen` receives the values of the secrets that the call reads. */
function contextOf(ports: ToolPorts, call: ToolCallRequest, seen: string[]): ToolContext {
  const { workspace, run, path, key, signal } = call;
  return {
    workspace,
    run,
    path,
    key,
    signal,
    openFile: (file) => ports.openFile({ workspace, run, file }),
    async secret(name) {
      const value = await ports.secret({ workspace, run, name });
      if (value !== "") seen.push(value);
      return value;
    },
    notify: (message) => ports.notify({ workspace, run, path, key, ...message }),
    async memory(operation, args) {
      if (ports.memory === undefined) {
        throw new BatonError("misconfigured", "There is no shared memory here.");
      }
      return ports.memory.call(call, operation, args);
    },
    now: () => ports.now(),
  };
}

/** Where a script's console goes; secrets that the call was given do not go along. */
function logger(ports: ToolPorts, call: ToolCallRequest, secrets: readonly string[]) {
  return (lines: readonly string[]): void => {
    if (lines.length === 0) return;
    const clean = lines.map((line) =>
      secrets.reduce((text, secret) => text.replaceAll(secret, "[redacted]"), line),
    );
    ports.scriptLog?.({ run: call.run, path: call.path, lines: clean });
  };
}

/** Arguments with secrets filled in: only for the flow's own calls, and only those that the task's text asks for. */
async function openArguments(call: ToolCallRequest, context: ToolContext): Promise<Json> {
  if (call.agent !== null) {
    refuseSecrets(call.args, call.tool);
    return call.args;
  }
  const task = taskAt(call.flow, call.path);
  const named = secretsNamedIn(task !== undefined && "with" in task ? (task.with as Json) : undefined);
  return resolveSecrets(
    call.args,
    (name) => context.secret(name),
    (name) => named.has(name),
  );
}

async function callScriptTask(
  scripts: ScriptRunner,
  call: ToolCallRequest,
  args: Json,
  context: ToolContext,
  tell: (lines: readonly string[]) => void,
): Promise<Json> {
  const work = scriptWork(args, taskAt(call.flow, call.path)?.timeout);
  return perform(
    {
      name: scriptTask,
      // The wait for a free process comes on top; the script's own time is kept by its process.
      timeoutMs: work.timeoutMs + 60_000,
      outputSchema: null,
      call: async (signal) => {
        const { result, logs } = await runScript(scripts, work, { ...context, signal });
        tell(logs);
        return result;
      },
    },
    call.signal,
  );
}

async function callLocal(
  tool: LocalTool,
  call: ToolCallRequest,
  args: Json,
  context: ToolContext,
  parts: { scripts: ScriptRunner; fetchOf: FetchOf; tell: (lines: readonly string[]) => void },
): Promise<Json> {
  const { name, body } = tool;
  const outputSchema = tool.output?.schema ?? null;
  if (body.kind === "http") {
    return perform(
      {
        name,
        outputSchema,
        timeoutMs: tool.timeout ?? localHttpTimeoutMs,
        call: (signal) => callHttpTool(tool, body, args, { ...context, signal }, parts.fetchOf),
      },
      call.signal,
    );
  }
  const { language, code } = body;
  const timeoutMs = tool.timeout ?? scriptTimeoutMs;
  return perform(
    {
      name,
      outputSchema,
      timeoutMs: timeoutMs + 60_000,
      call: async (signal) => {
        const work = { language, code, args, files: [], timeoutMs };
        const { result, logs } = await runScript(parts.scripts, work, { ...context, signal });
        parts.tell(logs);
        return result;
      },
    },
    call.signal,
  );
}
