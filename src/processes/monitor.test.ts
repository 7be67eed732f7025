import { afterEach, expect, test } from "vitest";
import { type Monitor, type MonitorOptions, openMonitor } from "./monitor.ts";

const open: Monitor[] = [];
afterEach(async () => {
  for (const monitor of open.splice(0)) await monitor.close();
});

async function start(options: Partial<MonitorOptions> = {}): Promise<{ monitor: Monitor; at: string }> {
  const monitor = await openMonitor({
    port: 0,
    host: "127.0.0.1",
    token: undefined,
    check: () => Promise.resolve(),
    ...options,
  });
  if (monitor === null) throw new Error("It found no port.");
  open.push(monitor);
  return { monitor, at: `http://127.0.0.1:${monitor.port}` };
}

test("says that it lives, that it is ready, and what it measures", async () => {
  const { at } = await start();
  expect((await fetch(`${at}/healthz`)).status).toBe(200);
  expect((await fetch(`${at}/readyz`)).status).toBe(200);
  const metrics = await fetch(`${at}/metrics`);
  expect(metrics.headers.get("content-type")).toContain("text/plain");
  expect(await metrics.text()).toContain("# TYPE baton_append_seconds histogram");
  expect((await fetch(`${at}/anything`)).status).toBe(404);
});

test("is not ready without its database, nor while it stops", async () => {
  let away = true;
  const { monitor, at } = await start({
    check: () => (away ? Promise.reject(new Error("gone")) : Promise.resolve()),
  });
  expect((await fetch(`${at}/readyz`)).status).toBe(503);
  away = false;
  expect((await fetch(`${at}/readyz`)).status).toBe(200);
  monitor.drain();
  const stopping = await fetch(`${at}/readyz`);
  expect(stopping.status).toBe(503);
  expect(await stopping.json()).toEqual({ ok: false, reason: "stopping" });
  expect((await fetch(`${at}/healthz`)).status).toBe(200);
});

test("with a token, metrics are for who names it; probes are for everyone", async () => {
  const { at } = await start({ token: "a token of sixteen" });
  expect((await fetch(`${at}/metrics`)).status).toBe(401);
  expect((await fetch(`${at}/metrics`, { headers: { authorization: "Bearer another" } })).status).toBe(401);
  const named = await fetch(`${at}/metrics`, { headers: { authorization: "Bearer a token of sixteen" } });
  expect(named.status).toBe(200);
  expect((await fetch(`${at}/healthz`)).status).toBe(200);
});

test("takes the next port when the first is taken", async () => {
  const { monitor } = await start();
  const second = await start({ port: monitor.port });
  expect(second.monitor.port).toBeGreaterThan(monitor.port);
});
