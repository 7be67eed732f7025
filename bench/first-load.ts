/**
 * How much JavaScript the run page loads over the wire before it can be used: the scripts that its HTML names, as
 * Chromium received them from the production build, beside what follows once the page stands.
 * `npm run bench:first-load [-- --json FILE]`
 */
import { existsSync } from "node:fs";
import { chromium } from "@playwright/test";
import { startBaton } from "../e2e/support/server.ts";
import { report, rounded } from "./figures.ts";

const goalKilobytes = 250;

const baton = await startBaton();
const executablePath =
  process.env["CHROMIUM_PATH"] ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync);
const browser = await chromium.launch({
  ...(executablePath === undefined ? {} : { executablePath }),
  args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
});
try {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.goto(baton.setupLink);
  const run = await page.evaluate(setUpAndRun, new URL(baton.setupLink).searchParams.get("token") ?? "");
  await page.close();

  const fresh = await context.newPage();
  const network = await context.newCDPSession(fresh);
  await network.send("Network.enable");
  await network.send("Network.setCacheDisabled", { cacheDisabled: true });
  const scripts = new Map<string, { path: string; bytes: number }>();
  network.on("Network.responseReceived", ({ requestId, response }) => {
    const path = new URL(response.url).pathname;
    if (path.endsWith(".js")) scripts.set(requestId, { path, bytes: 0 });
  });
  network.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const script = scripts.get(requestId);
    if (script !== undefined) scripts.set(requestId, { ...script, bytes: encodedDataLength });
  });
  const address = `${baton.url}/runs/${run}`;
  await fresh.goto(address);
  await fresh.getByRole("tree").waitFor();
  await fresh.getByLabel("Graph of the flow").waitFor();
  await fresh.waitForTimeout(500);

  const html = await (await context.request.get(address)).text();
  const named = new Set([...html.matchAll(/<script[^>]+src="([^"?]+)/g)].map(([, path]) => path));
  const all = [...scripts.values()];
  const kilobytes = (list: typeof all): number =>
    rounded(list.reduce((sum, script) => sum + script.bytes, 0) / 1000);
  const figures = {
    firstLoadKilobytes: kilobytes(all.filter((script) => named.has(script.path))),
    laterKilobytes: kilobytes(all.filter((script) => !named.has(script.path))),
  };
  await report(
    "JavaScript of the run page over the wire",
    [
      {
        figure: "first load, kB",
        value: figures.firstLoadKilobytes,
        goal: `<= ${goalKilobytes}`,
        held: figures.firstLoadKilobytes > 0 && figures.firstLoadKilobytes <= goalKilobytes,
      },
      {
        figure: "graph, markdown, YAML once the page stands, kB",
        value: figures.laterKilobytes,
        goal: "",
        held: true,
      },
    ],
    figures,
  );
} finally {
  await browser.close();
  await baton.stop();
}

/** Runs in the page: makes the workspace, signs in, starts a run; answers its id. */
async function setUpAndRun(token: string): Promise<string> {
  const send = async (path: string, body: unknown): Promise<unknown> => {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer.json();
  };
  const person = { email: "ada@example.com", password: "correct horse battery" };
  await send("/api/trpc/setup.create", { json: { ...person, token, name: "Ada", workspace: "Bench" } });
  await send("/api/auth/sign-in/email", person);
  const started = (await send("/api/trpc/run.start", { json: { slug: "hello", inputs: {} } })) as {
    result: { data: { json: { id: string } } };
  };
  return started.result.data.json.id;
}
