import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunId, WorkspaceId } from "#base/index.ts";
import { createAuthHandler, removeMember, setMemberRoles } from "#governance/index.ts";
import { openFile } from "#people/index.ts";
import { createStreamHandler, createTrpcHandler, createUploadHandler, createValueHandler } from "./index.ts";
import { startTestApi, testPassword, type TestApi, type TestMember } from "./testing.ts";

let api: TestApi;
let workspace: WorkspaceId;
let owner: TestMember;
let urls: { trpc: string; upload: string; stream: string; value: string; auth: string };

beforeAll(async () => {
  api = await startTestApi({ url: "http://localhost:3030" });
  workspace = await api.workspace("http");
  owner = await api.member(workspace, ["owner"], "Olga");
  urls = {
    trpc: `${await api.serve(createTrpcHandler(api.deps))}/api/trpc`,
    upload: `${await api.serve(createUploadHandler(api.deps))}/api/files`,
    stream: await api.serve(createStreamHandler(api.deps)),
    value: await api.serve(createValueHandler(api.deps)),
    auth: await api.serve(createAuthHandler(api.deps.auth)),
  };
});
afterAll(() => api.close());

const cookie = (member: TestMember): string => member.headers.get("cookie") ?? "";
const get = (url: string, member: TestMember | null, headers: Record<string, string> = {}) =>
  fetch(url, { headers: { ...headers, ...(member === null ? {} : { cookie: cookie(member) }) } });
const query = (path: string, input?: unknown): string =>
  `${urls.trpc}/${path}${input === undefined ? "" : `?input=${encodeURIComponent(JSON.stringify({ json: input }))}`}`;

/** Reads server-sent events until `enough`, or to the end. */
async function readEvents(
  response: Response,
  enough: (events: { id: string; event: string; data: string }[]) => boolean = () => false,
  onEvent: (count: number) => void = () => undefined,
) {
  const events: { id: string; event: string; data: string }[] = [];
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes as Uint8Array, { stream: true });
    for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
      const lines = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      const field = (name: string): string =>
        lines
          .find((line) => line.startsWith(`${name}:`))
          ?.slice(name.length + 1)
          .trim() ?? "";
      if (field("data") === "" && field("event") === "") continue;
      events.push({ id: field("id"), event: field("event"), data: field("data") });
      onEvent(events.length);
      if (enough(events)) return events;
    }
  }
  return events;
}

async function addEvent(run: RunId, seq: number, body: object): Promise<void> {
  await api.db.pool.query(
    "insert into event_batch (run_id, seq, last, at, bodies) values ($1, $2, $2, now(), $3)",
    [run, seq, JSON.stringify([body])],
  );
  if (body === ended)
    await api.db.pool.query("update run set state = 'succeeded', finished_at = now() where id = $1", [run]);
  await api.db.pool.query("select pg_notify('run', $1)", [run]);
}
const said = (message: string) => ({ type: "log-written", path: "greet", level: "info", message });
const ended = { type: "run-finished", outcome: "succeeded", outputs: {}, error: null };

describe("a verb over HTTP", () => {
  it("answers a member", async () => {
    const response = await get(query("me"), owner);
    expect(response.status).toBe(200);
    const body = (await response.json()) as {
      result: { data: { json: { user: unknown; permissions: string[] } } };
    };
    expect(body.result.data.json.user).toEqual({ id: owner.id, name: "Olga", email: owner.email });
    expect(body.result.data.json.permissions).toContain("workspace.delete");
  });

  it("says what was wrong in a form that programs can read", async () => {
    const told = async (response: Response) => {
      const body = (await response.json()) as {
        error: { json: { message: string; data: { baton: unknown } } };
      };
      return { status: response.status, baton: body.error.json.data.baton };
    };
    expect(await told(await get(query("me"), null))).toEqual({
      status: 401,
      baton: {
        code: "unauthenticated",
        message: "You are not signed in, or your session ended.",
        hint: "Sign in, then go on where you were.",
        details: null,
      },
    });
    expect(await told(await get(query("flow.get", { slug: 7 }), owner))).toMatchObject({
      status: 400,
      baton: { code: "bad-input", details: { fields: { slug: [expect.any(String)] } } },
    });
    expect(await told(await get(query("no.such"), owner))).toMatchObject({
      status: 404,
      baton: { code: "not-found" },
    });
  });

  it("tells nothing of what failed inside", async () => {
    const broken = createTrpcHandler({
      ...api.deps,
      identity: { scopeFromHeaders: () => Promise.reject(new Error("password=hunter22 at db.ts")) },
    });
    const response = await fetch(`${await api.serve(broken)}/api/trpc/me`);
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).toContain("Something went wrong inside Baton.");
    expect(text).not.toContain("hunter22");
    expect(text).not.toContain("db.ts");
  });
});

describe("watching a run", () => {
  it("sends each event once, goes on after the last one seen, and ends with the run", async () => {
    const run = await api.run(owner);
    await addEvent(run, 1, said("one"));
    const first = await readEvents(await get(query("run.watch", { id: run }), owner), (all) =>
      all.some(({ id }) => id === "1"),
    );
    expect(first.filter(({ id }) => id !== "").map(({ id }) => id)).toEqual(["1"]);
    await addEvent(run, 2, said("two"));
    const again = get(query("run.watch", { id: run }), owner, { "last-event-id": "1" });
    await addEvent(run, 3, ended);
    const rest = await readEvents(await again);
    expect(rest.filter(({ id }) => id !== "").map(({ id }) => id)).toEqual(["2", "3"]);
    expect(rest.at(-1)?.event).toBe("return");
  });

  it.each([
    [
      "the session ends",
      "UNAUTHORIZED",
      (member: TestMember) =>
        fetch(`${urls.auth}/api/auth/sign-out`, {
          method: "POST",
          headers: {
            cookie: cookie(member),
            origin: "http://localhost:3030",
            "content-type": "application/json",
          },
          body: "{}",
        }).then((response) => expect(response.status).toBe(200)),
    ],
    [
      "the member is removed",
      "FORBIDDEN",
      (member: TestMember) => removeMember(api.db, owner.scope, member.id),
    ],
  ] as const)("ends when %s", async (_case, code, end) => {
    const member = await api.member(workspace, ["viewer"]);
    const run = await api.run(owner);
    await addEvent(run, 1, said("one"));
    const response = await get(query("run.watch", { id: run }), member);
    const events = await readEvents(response, undefined, (count) => {
      if (count === 2) void end(member);
    });
    const last = events.at(-1);
    expect(last?.event).toBe("serialized-error");
    expect(last?.data).toContain(code);
    expect(last?.data).toContain("hint");
  });

  it("goes on when roles change but still let one see", async () => {
    const member = await api.member(workspace, ["builder"]);
    const run = await api.run(owner);
    await addEvent(run, 1, said("one"));
    const events = await readEvents(
      await get(query("run.watch", { id: run }), member),
      undefined,
      (count) => {
        if (count !== 2) return;
        void setMemberRoles(api.db, owner.scope, member.id, ["viewer"]).then(() => addEvent(run, 2, ended));
      },
    );
    expect(events.map(({ id }) => id)).toContain("2");
    expect(events.at(-1)?.event).toBe("return");
  });

  it("notices by itself when nothing was told", async () => {
    const hasty = await api.serve(createTrpcHandler({ ...api.deps, recheckMs: 20 }));
    const member = await api.member(workspace, ["viewer"]);
    const run = await api.run(owner);
    await addEvent(run, 1, said("one"));
    const url = query("run.watch", { id: run }).replace(urls.trpc, `${hasty}/api/trpc`);
    const events = await readEvents(await get(url, member), undefined, (count) => {
      if (count === 2) void api.db.pool.query('delete from session where "userId" = $1', [member.id]);
    });
    expect(events.at(-1)?.data).toContain("UNAUTHORIZED");
  });

  it("hides what was given in secret inputs", async () => {
    const run = await api.run(owner, "secretive", { token: "sk-very-secret" });
    const by = { kind: "user", id: owner.id, name: "Olga" };
    const facts = { flowId: "f", revisionId: "r", vars: {}, by, simulated: false };
    await addEvent(run, 1, {
      type: "run-started",
      ...facts,
      inputs: { name: "Ada", token: "sk-very-secret" },
    });
    await addEvent(run, 2, said("The token is sk-very-secret."));
    const details = { curl: "-u sk-very-secret" };
    await api.ask({ run, workspace }, { title: "Use sk-very-secret?", details });
    const inbox = await owner.call.inbox.list({ state: "pending" });
    await addEvent(run, 3, ended);
    const stream = JSON.stringify(await readEvents(await get(query("run.watch", { id: run }), owner)));
    expect(inbox.find((each) => each.run.id === run)).toMatchObject({ title: "Use [redacted]?" });
    const view = JSON.stringify([await owner.call.run.get({ id: run }), inbox]);
    const audit = JSON.stringify(await owner.call.audit.list({ runId: run }));
    for (const text of [stream, view, audit]) expect(text).not.toContain("sk-very-secret");
    expect(stream).toContain("The token is [redacted].");
    expect(view).toContain("[redacted]");
  });
});

describe("watching a workspace", () => {
  it("tells what changed here, and everything after a break", async () => {
    const other = await api.member(await api.workspace("elsewhere"), ["owner"]);
    const response = await get(query("workspace.watch", {}), owner);
    const reading = readEvents(response, (events) => events.some(({ data }) => data.includes("approval")));
    await api.run(other);
    const run = await api.run(owner);
    await api.ask({ run, workspace });
    const changes = (await reading).flatMap(({ data, id }) =>
      id === "" ? [] : [(JSON.parse(data) as { json: { kind: string; id: string } }).json],
    );
    expect(changes).toContainEqual({ kind: "run", id: run });
    expect(changes.filter(({ kind }) => kind === "run")).toHaveLength(1);
    const resumed = await readEvents(
      await get(query("workspace.watch", {}), owner, { "last-event-id": "1-1" }),
      (events) => events.filter(({ id }) => id !== "").length === 4,
    );
    expect(resumed.filter(({ data }) => data.includes('"*"'))).toHaveLength(4);
  });
});

describe("an upload", () => {
  const send = (member: TestMember | null, file: File) => {
    const form = new FormData();
    form.set("file", file);
    const headers: Record<string, string> = member === null ? {} : { cookie: cookie(member) };
    return fetch(urls.upload, { method: "POST", body: form, headers });
  };

  it("is kept, and its content is what was sent", async () => {
    const response = await send(owner, new File(["Dec 10 sshd[1]: Failed password"], "../SSH é.log"));
    expect(response.status).toBe(200);
    const file = (await response.json()) as { id: string };
    expect(file).toMatchObject({ name: "SSH é.log", mediaType: "text/plain", bytes: 31 });
    expect(new TextDecoder().decode(await openFile(api.db, owner.scope, file.id))).toContain(
      "Failed password",
    );
    const foreign = await api.member(await api.workspace("other"), ["owner"]);
    await expect(openFile(api.db, foreign.scope, file.id)).rejects.toMatchObject({ code: "not-found" });
  });

  it.each([
    ["of 50 MB", () => new File([new Uint8Array(50 * 1024 * 1024)], "big.log"), 413, "at most 1 MB"],
    [
      "a little too large",
      () => new File([new Uint8Array(1024 * 1024 + 1).fill(97)], "big.log"),
      413,
      "at most 1 MB",
    ],
    [
      "that is not what it says",
      () => new File(["<html>"], "a.pdf", { type: "application/pdf" }),
      400,
      "application/pdf",
    ],
    ["that is empty", () => new File([], "a.log"), 400, "is empty"],
  ])("%s is refused with a clear message", async (_case, file, status, message) => {
    const response = await send(owner, file());
    expect(response.status).toBe(status);
    const { error } = (await response.json()) as { error: { message: string; hint: string } };
    expect(error.message).toContain(message);
    expect(error.hint).not.toBeNull();
  });

  it("takes a session, the permission and a form", async () => {
    const viewer = await api.member(workspace, ["viewer"]);
    expect((await send(null, new File(["x"], "a.log"))).status).toBe(401);
    expect((await send(viewer, new File(["x"], "a.log"))).status).toBe(403);
    const bare = await fetch(urls.upload, { method: "POST", body: "x", headers: { cookie: cookie(owner) } });
    expect(bare.status).toBe(400);
  });
});

describe("a large value", () => {
  const text = `"Grüße" 👋 <script>alert(1)</script>${"x".repeat(65_490)}👋${"y".repeat(40_000)}`;
  const keep = async (value: unknown): Promise<string> => {
    const json = JSON.stringify(value);
    const hash = createHash("sha256").update(json).digest("hex");
    await api.db.pool.query(
      "insert into blob (workspace_id, hash, text) values ($1, $2, $3) on conflict do nothing",
      [workspace, hash, json],
    );
    return hash;
  };
  const urlOf = (run: string, hash: string): string => `${urls.value}/api/runs/${run}/values/${hash}`;

  it("is opened whole, as text or JSON, and is never run as a page", async () => {
    const run = await api.run(owner);
    const plain = await get(urlOf(run, await keep(text)), owner);
    expect(plain.status).toBe(200);
    expect(plain.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(plain.headers.get("x-content-type-options")).toBe("nosniff");
    expect(plain.headers.get("content-security-policy")).toContain("sandbox");
    expect(await plain.text()).toBe(text);
    const rows = Array.from({ length: 5_000 }, (_, n) => ({ n }));
    const json = await get(urlOf(run, await keep(rows)), owner);
    expect(json.headers.get("content-type")).toContain("application/json");
    expect(await json.json()).toEqual(rows);
  });

  it("is shown to whoever may see the run, and to nobody of another workspace", async () => {
    const run = await api.run(owner);
    const hash = await keep(text);
    for (const role of ["viewer", "operator", "approver", "builder", "admin"] as const) {
      expect((await get(urlOf(run, hash), await api.member(workspace, [role]))).status, role).toBe(200);
    }
    expect((await get(urlOf(run, hash), null)).status).toBe(401);
    const elsewhere = await api.workspace("elsewhere");
    const stranger = await api.member(elsewhere, ["owner"]);
    expect((await get(urlOf(run, hash), stranger)).status).toBe(404);
    // A run of one's own does not open the values of other workspaces.
    expect((await get(urlOf(await api.run(stranger), hash), stranger)).status).toBe(404);
    expect((await get(urlOf(run, "0".repeat(64)), owner)).status).toBe(404);
    expect((await get(urlOf(run, "x"), owner)).status).toBe(404);
  });

  it("that a model said is part of its stream once the call is over", async () => {
    const run = await api.run(owner);
    const hash = await keep(text);
    await addEvent(run, 1, {
      ...{ type: "model-call-finished", path: "greet", step: 0, key: "k", reasoning: "" },
      text: { $blob: { hash, bytes: 1, preview: "" } },
      ...{ toolCalls: [], finishReason: "stop", provider: "simulated", model: "simulated", simulated: true },
      ...{ usage: {}, cost: 0 },
    });
    const events = await readEvents(await get(`${urls.stream}/api/runs/${run}/streams/k`, owner));
    expect(events.map(({ data }) => data)).toContain(
      JSON.stringify({ type: "text-delta", id: "text", delta: text }),
    );
  });
});

describe("a stream", () => {
  const key = "each[2]/greet:1:0";
  const urlOf = (run: string, from = 0) =>
    `${urls.stream}/api/runs/${run}/streams/${encodeURIComponent(key)}?from=${from}`;
  const addChunk = async (run: RunId, n: number, chunk: object): Promise<void> => {
    await api.db.pool.query("insert into stream_chunk (run_id, stream, n, body) values ($1, $2, $3, $4)", [
      ...[run, key, n],
      JSON.stringify(chunk),
    ]);
    await api.db.pool.query("select pg_notify('stream', $1)", [`${run} ${key}`]);
  };
  const delta = (text: string) => ({ type: "text-delta", id: "text", delta: text });
  const finished = {
    ...{ type: "model-call-finished", path: "greet", step: 0, key, text: "Hello Ada", reasoning: "Be kind." },
    ...{ toolCalls: [], finishReason: "stop", provider: "simulated", model: "simulated", simulated: true },
    ...{ usage: {}, cost: 0 },
  };

  it("is followed as the UI message stream, and resumed at a position", async () => {
    const run = await api.run(owner);
    await addChunk(run, 0, { type: "text-start", id: "text" });
    await addChunk(run, 1, delta("Hel"));
    const response = await get(urlOf(run), owner);
    expect(response.headers.get("x-vercel-ai-ui-message-stream")).toBe("v1");
    const first = await readEvents(response, (all) => all.length === 2);
    expect(first.map(({ id }) => id)).toEqual(["0", "1"]);
    const again = get(urlOf(run), owner, { "last-event-id": "0" });
    await addChunk(run, 2, delta("lo"));
    await addChunk(run, -1, { end: true }).catch(() => undefined);
    await addEvent(run, 1, finished);
    const rest = await readEvents(await again);
    expect(rest.at(-1)?.data).toBe("[DONE]");
  });

  it("of a call that is over is answered from the journal", async () => {
    const run = await api.run(owner);
    await addEvent(run, 1, finished);
    const events = await readEvents(await get(urlOf(run, 7), owner));
    const texts = events.map(({ data }) => data);
    expect(texts[0]).toContain('"start"');
    expect(texts).toContain(JSON.stringify({ type: "text-delta", id: "text", delta: "Hello Ada" }));
    expect(texts.at(-1)).toBe("[DONE]");
  });

  it("never shows a secret that was split over its pieces, wherever one begins to read", async () => {
    const run = await api.run(owner, "secretive", { token: "sk-very-secret" });
    await addChunk(run, 0, delta("It is sk-ve"));
    await addChunk(run, 1, delta("ry-sec"));
    await addChunk(run, 2, delta("ret."));
    await addChunk(run, 3, { type: "text-end", id: "text" });
    for (const from of [0, 1, 2]) {
      const events = await readEvents(await get(urlOf(run, from), owner), (all) =>
        all.some(({ data }) => data.includes("text-end")),
      );
      const text = events.map(({ data }) => (JSON.parse(data) as { delta?: string }).delta ?? "").join("");
      expect(text).toBe(from === 0 ? "It is [redacted]." : "[redacted].");
    }
  });

  it("ends with a clear error when the session does", async () => {
    const member = await api.member(workspace, ["viewer"]);
    const run = await api.run(owner);
    await addChunk(run, 0, delta("Hel"));
    const events = await readEvents(await get(urlOf(run), member), undefined, (count) => {
      if (count === 1) void removeMember(api.db, owner.scope, member.id);
    });
    expect(events.at(-1)?.data).toContain("not a member");
    expect(events.map(({ data }) => data)).not.toContain("[DONE]");
  });

  it("of another workspace is not there", async () => {
    const other = await api.member(await api.workspace("streams elsewhere"), ["owner"]);
    const run = await api.run(owner);
    expect((await get(urlOf(run), other)).status).toBe(404);
    expect((await get(urlOf("run_nowhere"), owner)).status).toBe(404);
    expect((await get(urlOf(run), null)).status).toBe(401);
  });
});

describe("signing in", () => {
  const signIn = (url: string, email: string, password: string, headers: Record<string, string> = {}) =>
    fetch(`${url}/api/auth/sign-in/email`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: "http://localhost:3030", ...headers },
      body: JSON.stringify({ email, password }),
    });

  it("sets a cookie that scripts can't read and other sites don't send", async () => {
    const response = await signIn(urls.auth, owner.email, testPassword);
    expect(response.status).toBe(200);
    const set = response.headers.get("set-cookie") ?? "";
    expect(set).toMatch(/httponly/i);
    expect(set).toMatch(/samesite=lax/i);
    expect(set).not.toMatch(/;\s*secure/i);
    expect((await signIn(urls.auth, owner.email, "wrong password")).status).toBe(401);
  });

  it("is refused after too many attempts, whatever address a header claims", async () => {
    const strict = await startTestApi({ signInsPerMinute: 3 });
    try {
      const url = await strict.serve(createAuthHandler(strict.deps.auth));
      const statuses: number[] = [];
      for (let attempt = 0; attempt < 5; attempt += 1) {
        const headers = {
          "x-forwarded-for": `10.0.0.${attempt}`,
          "x-baton-client-address": `10.0.1.${attempt}`,
        };
        statuses.push((await signIn(url, "nobody@example.com", "wrong password", headers)).status);
      }
      // Earlier attempts of this process from the same address may count as well.
      expect(statuses.slice(-2)).toEqual([429, 429]);
      expect(statuses).not.toContain(200);
    } finally {
      await strict.close();
    }
  });

  it("is recorded with who and from where: coming, leaving, and trying in vain", async () => {
    const place = await api.workspace("comings and goings");
    const vera = await api.member(place, ["viewer"], "Vera");
    const entries = async (workspaceId: WorkspaceId) => {
      const { rows } = await api.db.pool.query<{ action: string; actor_name: string; body: string }>(
        "select action, actor_name, body from audit_entry where workspace_id = $1 and action like 'session.%' order by seq",
        [workspaceId],
      );
      return rows.map(({ action, actor_name, body }) => [action, actor_name, JSON.parse(body) as unknown]);
    };
    const before = (await entries(place)).length;
    const response = await signIn(urls.auth, vera.email, testPassword, { "user-agent": "Lynx 2.9" });
    const came = (response.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "";
    expect((await signIn(urls.auth, vera.email.toUpperCase(), "wrong password")).status).toBe(401);
    await fetch(`${urls.auth}/api/auth/sign-out`, {
      method: "POST",
      headers: { cookie: came, "content-type": "application/json", origin: "http://localhost:3030" },
      body: "{}",
    });
    const body = { email: vera.email, address: expect.stringContaining("127.0.0.1") as string };
    expect((await entries(place)).slice(before)).toEqual([
      ["session.signed-in", "Vera", { ...body, userAgent: "Lynx 2.9" }],
      [
        "session.sign-in-failed",
        "Vera",
        { ...body, email: vera.email.toUpperCase(), userAgent: expect.any(String) as string },
      ],
      ["session.signed-out", "Vera", { ...body, userAgent: expect.any(String) as string }],
    ]);
    expect(JSON.stringify(await entries(place))).not.toContain(testPassword);
    expect((await signIn(urls.auth, "nobody@example.com", "wrong password")).status).toBe(401);
    const { rows } = await api.db.pool.query<{ body: string }>(
      "select body from audit_entry where action = 'session.sign-in-failed' and actor_kind = 'system'",
    );
    expect(rows.map((row) => JSON.parse(row.body) as unknown)).toEqual([
      { ...body, email: "nobody@example.com", userAgent: expect.any(String) as string },
    ]);
  });

  it("makes no account by itself", async () => {
    const response = await fetch(`${urls.auth}/api/auth/sign-up/email`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: "http://localhost:3030" },
      body: JSON.stringify({ email: "x@example.com", password: testPassword, name: "X" }),
    });
    expect(response.ok).toBe(false);
  });
});
