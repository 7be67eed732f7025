import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createHmac } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createHookHandler } from "../http/hook.ts";
import { startTestApi, type TestApi, type TestMember } from "../testing.ts";
import { triggerHands } from "./testing.ts";

let api: TestApi;
let builder: TestMember;
let hands: ReturnType<typeof triggerHands>;
/** Two web processes share nothing but the database: two handlers. */
let ports: number[];
const closers: (() => void)[] = [];
let clock: number;

beforeAll(async () => {
  api = await startTestApi();
  ports = [];
  for (let n = 0; n < 2; n += 1) {
    const handle = createHookHandler(api.deps, () => Promise.resolve(clock));
    const server = createServer((request, response) => {
      void handle(request, response, new URL(request.url ?? "/", "http://localhost"));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ports.push((server.address() as AddressInfo).port);
    closers.push(() => server.close());
  }
});
afterAll(async () => {
  for (const close of closers) close();
  await api.close();
});
beforeEach(async () => {
  clock = Date.parse("2026-05-01T10:00:00Z");
  builder = await api.member(await api.workspace("Acme"), ["builder"]);
  hands = triggerHands(api, builder);
});

const signed = '  - { id: hook, webhook: {}, when: "!has(body.skip)", with: { ticket: "{{ body.text }}" } }';
const open = '  - { id: hook, webhook: { signature: none }, with: { ticket: "{{ body.text }}" } }';

type Answer = {
  status: number;
  body: { outcome?: string; run?: { id: string; number: number }; error?: { code: string; message: string } };
  headers: Headers;
};

async function post(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
  port = ports[0],
): Promise<Answer> {
  const response = await globalThis.fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });
  return {
    status: response.status,
    body: (await response.json()) as Answer["body"],
    headers: response.headers,
  };
}

async function addressOf(slug = "desk"): Promise<{ path: string; key: string }> {
  const { path, signingKey } = await builder.call.trigger.address({ id: (await hands.only(slug)).id });
  return { path, key: signingKey ?? "" };
}

function signature(key: string, body: string, at = clock): Record<string, string> {
  const seconds = Math.floor(at / 1000);
  const mac = createHmac("sha256", key).update(`${seconds}.${body}`).digest("hex");
  return { "baton-signature": `t=${seconds},v1=${mac}` };
}

describe("webhooks", () => {
  test("[T16] a call starts a run with the inputs that it maps to", async () => {
    await hands.publish(signed);
    const { path, key } = await addressOf();
    const body = '{"text":"Order 7"}';
    const answer = await post(path, body, signature(key, body));
    expect([answer.status, answer.body.outcome]).toEqual([202, "started"]);
    expect(await hands.runs()).toEqual([{ ticket: "Order 7", amount: 0 }].map(({ ticket }) => ({ ticket })));
    const [run] = (await builder.call.run.list({})).rows;
    expect(run).toMatchObject({
      id: answer.body.run?.id,
      startedBy: { kind: "trigger", name: "Webhook hook" },
    });
    const skip = '{"skip":true}';
    expect(await post(path, skip, signature(key, skip))).toMatchObject({
      status: 200,
      body: { outcome: "skipped" },
    });
    const wrong = "[]";
    expect((await post(path, wrong, signature(key, wrong))).status).toBe(422);
    const { id } = await hands.only();
    await builder.call.trigger.pause({ id });
    expect((await post(path, body, signature(key, body))).status).toBe(409);
    await builder.call.trigger.resume({ id });
    await builder.call.flow.pause({ slug: "desk" });
    expect(await post(path, body, signature(key, body))).toMatchObject({
      status: 409,
      body: { error: { message: "The flow of this webhook is paused." } },
    });
    expect((await hands.outcomes()).map(({ outcome }) => outcome)).toEqual(["started", "skipped", "failed"]);
  });

  test("[T12] wrong addresses, signatures and times are answered alike", async () => {
    await hands.publish(signed);
    const { path, key } = await addressOf();
    const body = '{"text":"x"}';
    const answers = [
      await post("/hooks/nowhere", body, signature(key, body)),
      await post(`/hooks/${"A".repeat(43)}`, body),
      await post(path, body),
      await post(path, body, signature("other", body)),
      await post(path, '{"text":"y"}', signature(key, body)),
      await post(path, body, signature(key, body, clock - 301_000)),
      await post(path, body, signature(key, body, clock + 301_000)),
      await post("/hooks/", body),
    ];
    for (const { status, body: told } of answers) {
      expect([status, told]).toEqual([401, answers[0]?.body]);
    }
    expect(await hands.runs()).toEqual([]);
    // Those that reached a trigger share a row.
    expect(await hands.outcomes()).toMatchObject([{ outcome: "refused", count: 5 }]);
    const hub = { "x-hub-signature-256": `sha256=${createHmac("sha256", key).update(body).digest("hex")}` };
    expect((await post(path, body, hub)).status).toBe(202);
  });

  test("[T12] a secret of the workspace signs where the trigger names it", async () => {
    const admin = await api.member(builder.scope.workspaceId, ["admin"]);
    await hands.publish("  - { id: hook, webhook: { secret: HOOK_KEY } }");
    const { path } = await addressOf();
    expect((await post(path, "{}", signature("s3cret", "{}"))).status).toBe(401);
    await admin.call.settings.setSecret({ name: "HOOK_KEY", value: "s3cret" });
    expect((await post(path, "{}", signature("s3cret", "{}"))).status).toBe(202);
  });

  test("[T13] 100 copies of one call at once start one run", async () => {
    await hands.publish(signed);
    const { path, key } = await addressOf();
    const body = '{"text":"once"}';
    const headers = signature(key, body);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => post(path, body, headers, ports[n % 2])),
    );
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(99);
    expect(new Set(answers.map((answer) => answer.body.run?.id)).size).toBe(1);
    expect(await hands.runs()).toEqual([{ ticket: "once" }]);
    expect(await hands.outcomes()).toMatchObject([
      { outcome: "started", count: 1 },
      { outcome: "duplicate", count: 99 },
    ]);
  });

  test("[T13] an idempotency key makes calls one, whatever else they say, and a replay none", async () => {
    await hands.publish(
      '  - { id: hook, webhook: { idempotencyKey: "headers[\'x-delivery\']" }, with: { ticket: "{{ body.text }}" } }',
    );
    const { path, key } = await addressOf();
    const call = (text: string, delivery: string, at = clock): Promise<Answer> => {
      const body = JSON.stringify({ text });
      return post(path, body, { ...signature(key, body, at), "x-delivery": delivery });
    };
    const first = await call("a", "d1");
    expect(first.status).toBe(202);
    expect(await call("b", "d1")).toMatchObject({ status: 200, body: { run: { id: first.body.run?.id } } });
    // Captured and sent again under a key of its own.
    expect(await call("a", "d2")).toMatchObject({ status: 200, body: { outcome: "duplicate" } });
    expect(await call("a", "d3", clock + 1000)).toMatchObject({ status: 202 });
    expect((await call("a", "")).status).toBe(422);
    expect(await hands.runs()).toHaveLength(2);
  });

  test("[T14] the rate holds for all web processes, and calls that come again cost nothing", async () => {
    await hands.publish(
      open.replace(
        "signature: none",
        "signature: none, idempotencyKey: body.id, rateLimit: { limit: 3, per: 1h }",
      ),
    );
    const { path } = await addressOf();
    const call = (id: number): Promise<Answer> =>
      post(path, JSON.stringify({ text: "x", id }), {}, ports[id % 2]);
    const answers = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(call));
    const taken = answers.filter(({ status }) => status === 202);
    const limited = answers.filter(({ status }) => status === 429);
    expect([taken.length, limited.length]).toEqual([3, 5]);
    for (const { headers } of limited) expect(Number(headers.get("retry-after"))).toBeGreaterThan(600);
    const known = answers.findIndex(({ status }) => status === 202) + 1;
    expect((await call(known)).status).toBe(200);
    // What was refused for its rate may come again later.
    await api.db.pool.query("update trigger_rate set at = at - interval '1 hour'");
    const again = answers.findIndex(({ status }) => status === 429) + 1;
    expect((await call(again)).status).toBe(202);
    expect((await hands.outcomes()).map(({ outcome }) => outcome)).toContain("limited");
  });

  test("[T15] bodies that are too large, of another type, or broken", async () => {
    await hands.publish(open.replace("{{ body.text }}", "{{ default(body.text, body) }}"));
    const { path } = await addressOf();
    expect((await post(path, "x".repeat(1024 * 1024 + 1), { "content-type": "text/plain" })).status).toBe(
      413,
    );
    expect((await post("/hooks/nowhere", "x".repeat(1024 * 1024 + 1))).status).toBe(413);
    expect((await post(path, "x", { "content-type": "image/png" })).status).toBe(415);
    expect((await post(path, "{")).status).toBe(400);
    expect((await post(path, new Uint8Array([0xff]), { "content-type": "text/plain" })).status).toBe(400);
    expect(
      (await post(path, "text=a+b", { "content-type": "application/x-www-form-urlencoded" })).status,
    ).toBe(202);
    expect((await post(path, "plain", { "content-type": "text/plain" })).status).toBe(202);
    expect(await hands.runs()).toEqual([{ ticket: "a b" }, { ticket: "plain" }]);
  });

  test("a renewed address is the only one", async () => {
    await hands.publish(open);
    const before = await addressOf();
    await builder.call.trigger.renew({ id: (await hands.only()).id });
    const after = await addressOf();
    expect((await post(before.path, "{}")).status).toBe(401);
    expect((await post(after.path, '{"text":"x"}')).status).toBe(202);
    const viewer = await api.member(builder.scope.workspaceId, ["viewer"]);
    expect(JSON.stringify(await viewer.call.trigger.list({}))).not.toContain(after.path.slice(7));
    const { rows } = await api.db.pool.query<{ row: string }>(`select t::text as row from "trigger" t`);
    for (const { row } of rows) expect(row).not.toContain(after.path.slice(7));
  });

  test("the console signs a sample, tells what it maps to, and sends it when asked to", async () => {
    await hands.publish(signed);
    const { id } = await hands.only();
    const dry = await builder.call.trigger.test({ id, body: '{"text":"Order 7"}' });
    expect(dry.mapped).toEqual({ ok: true, holds: true, keyed: false, inputs: { ticket: "Order 7" } });
    expect(dry.answer).toBeNull();
    expect(dry.curl).toContain("baton-signature: t=");
    expect(await hands.runs()).toEqual([]);
    expect((await builder.call.trigger.test({ id, body: "{" })).mapped).toMatchObject({ ok: false });
    expect((await builder.call.trigger.test({ id, body: '{"skip":1}' })).mapped).toMatchObject({
      holds: false,
    });
    const sent = await builder.call.trigger.test({ id, body: '{"text":"It\'s 8"}', send: true });
    expect(sent.answer).toMatchObject({ status: 202 });
    // The line for a shell is a call of its own kind: signed, for the address.
    const headers = Object.fromEntries(
      [...sent.curl.matchAll(/-H '([^:]+): ([^']*)'/g)].map(([, name = "", value = ""]) => [name, value]),
    );
    clock = Date.now();
    const path = new URL(/'(http[^']+)'/.exec(sent.curl)?.[1] ?? "").pathname;
    expect(await post(path, '{"text":"It\'s 8"}', headers)).toMatchObject({
      status: 200,
      body: { outcome: "duplicate" },
    });
  });
});
