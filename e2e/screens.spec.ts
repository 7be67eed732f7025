import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test, type Page } from "@playwright/test";
import { shootComments } from "./support/comments.ts";
import { shootTrying } from "./support/trying.ts";
import { run, shootStates } from "./support/scenes.ts";
import {
  editor,
  failProcedure,
  folder,
  holdAnswers,
  loaded,
  missing,
  picture,
  Studio,
} from "./support/studio.ts";
import { address, owner, ownerState, publish, startRun } from "./support/world.ts";

// Every main screen as a picture, on a laptop and a phone, in light and dark: `npm run screens`.

test.describe.configure({ mode: "serial" });
test.setTimeout(1_800_000);
// The pictures are what is kept.
test.use({ trace: "off", screenshot: "off" });

const grace = { name: "Grace Hopper", email: "grace@example.com", password: "nanoseconds matter" };

const nightlyExport = `id: nightly-export
title: Nightly export
description: Writes the day's orders into the archive and says so.
labels: { team: data }
inputs:
  day: { type: date, title: Day, default: "2026-11-21" }
tasks:
  - id: collect
    title: Collect the orders
    set: { orders: 1204, bytes: 88213 }
  - id: store
    title: Store the file
    fail: "The archive refused orders-{{ inputs.day }}.csv: it has room for 64000 bytes, and the file has {{ tasks.collect.output.bytes }}."
outputs:
  orders: "{{ tasks.collect.output.orders }}"
`;

const onCall = `id: hand-over
title: Hand over the watch
description: Asks who is on call next and waits until the change.
labels: { team: operations }
tasks:
  - id: next
    title: Ask who takes over
    form: Who takes over on Monday?
    by: { roles: [operator] }
    fields:
      name: { type: string, title: Name }
      from: { type: date, title: From }
      phone: { type: string, title: Phone, optional: true }
  - id: change
    title: Wait for the change
    wait: 12h
outputs:
  name: "{{ tasks.next.output.name }}"
`;

const digest = `id: weekly-digest
title: Weekly digest
description: Waits for Friday, then writes what happened.
tasks:
  - id: friday
    title: Wait for Friday
    wait: 2d
  - id: write
    title: Write the digest
    log: The week is over.
`;

const policyDesk = `id: policy-desk
title: Policy desk
description: Keeps to what the team has remembered.
memory: { read: ["flow:*"], write: ["flow:desk.*"] }
seed:
  "flow:desk.policy": Refunds are possible within 30 days. Beyond that, a person decides.
  "flow:desk.limits": { small: 50, large: 500 }
agents:
  reader:
    title: Reader
    instructions: Answer from what memory says.
    tools: [memory]
    memory: { read: ["flow:desk.*"] }
tasks:
  - id: read
    title: Read the policy
    agent: reader
    prompt: Read flow:desk.policy and say what it holds.
  - id: keep
    title: Remember the decision
    remember: { "run:decision": Refund order 7, "flow:desk.lastOrder": 7 }
    as: decision
    tags: [refund, order 7]
`;

const orderDesk = `id: order-desk
title: Order desk
description: Takes orders in from the shop and looks through what is left at night.
labels: { team: sales }
inputs:
  ticket: { type: string, title: Ticket, default: All open orders }
  amount: { type: number, title: Amount, default: 0 }
tasks:
  - id: note
    title: Note the order
    log: "{{ inputs.ticket }} for {{ inputs.amount }}"
triggers:
  - id: nightly
    title: Each night
    schedule: "0 2 * * *"
    timezone: Europe/Paris
    catchUp: last
    jitter: 5m
  - id: shop
    title: Orders of the shop
    webhook: { signature: hmac, idempotencyKey: "headers['x-order']" }
    when: body.total > 0
    with: { ticket: "Order {{ body.id }}", amount: "{{ body.total }}" }
  - id: afterExport
    title: After the export
    flow: nightly-export
    states: [failed]
    with: { ticket: "The export failed: {{ run.error }}" }
`;

/** A log of sshd in which one source tries many passwords. */
function sshLog(): string {
  const users = ["root", "admin", "oracle", "git", "invalid user test", "postgres"];
  const lines: string[] = [];
  for (let n = 0; n < 412; n += 1) {
    const time = `Nov 22 03:${String(Math.floor(n / 60) % 60).padStart(2, "0")}:${String(n % 60).padStart(2, "0")}`;
    const source = n % 7 === 0 ? "198.51.100.23" : n % 31 === 0 ? "192.0.2.88" : "203.0.113.7";
    lines.push(
      n % 40 === 39
        ? `${time} web-1 sshd[${2000 + n}]: Accepted publickey for deploy from 10.0.0.12 port ${40000 + n} ssh2`
        : `${time} web-1 sshd[${2000 + n}]: Failed password for ${users[n % users.length]} from ${source} port ${40000 + n} ssh2`,
    );
  }
  return lines.join("\n");
}

const refund = "Refund 40 EUR for order 7";

async function finished(page: Page, word: string): Promise<string> {
  await expect(page.getByText(word).first()).toBeVisible();
  return page.url();
}

async function waitsForRefund(page: Page): Promise<string> {
  await expect(page.getByRole("article", { name: refund })).toBeVisible();
  return page.url();
}

const runs = {
  waiting: "",
  succeeded: "",
  failed: "",
  cancelled: "",
  timer: "",
  found: "",
  paused: "",
  forked: "",
};

test("before one is signed in", async ({ browser, page }) => {
  mkdirSync(folder, { recursive: true });
  const setup = process.env["BATON_E2E_SETUP"] ?? "";
  const studio = await Studio.open(browser);
  await studio.shoot("setup", (fresh) => loaded(fresh, setup));
  await studio.shoot("setup-refused", async (fresh) => {
    await loaded(fresh, setup);
    await fresh.getByLabel("E-mail").fill("ada at example");
    await fresh.getByLabel("Password").fill("short");
    await fresh.getByRole("button", { name: "Create workspace" }).click();
    await fresh.getByRole("alert").filter({ hasText: /./ }).first().waitFor();
  });
  await page.goto(setup);
  await page.getByLabel("Your name").fill(owner.name);
  await page.getByLabel("E-mail").fill(owner.email);
  await page.getByLabel("Password").fill(owner.password);
  await page.getByLabel("Workspace").fill("Analytical Engines");
  await page.getByRole("button", { name: "Create workspace" }).click();
  await page.waitForURL(/\/flows\/support-desk/);
  await page.context().storageState({ path: ownerState });
  await studio.shoot("sign-in", (fresh) => loaded(fresh, address("/sign-in")));
  await studio.close();
});

test("while there is nothing yet", async ({ browser }) => {
  const studio = await Studio.open(browser, ownerState);
  await studio.shoot("flow-welcome", (page) => flow(page, "/flows/support-desk?welcome=1"));
  await studio.shoot("home-empty", (page) => loaded(page, address("/")));
  await studio.shoot("runs-empty", (page) => loaded(page, address("/runs")));
  await studio.shoot("triggers-empty", (page) => loaded(page, address("/triggers")));
  await studio.shoot("flow-triggers-empty", (page) => loaded(page, address("/flows/hello?tab=triggers")));
  await studio.shoot("inbox-empty", (page) => loaded(page, address("/inbox")));
  await studio.shoot("inbox-decided-empty", (page) => loaded(page, address("/inbox?show=decided")));
  await studio.shoot("inbox-notices-empty", (page) => loaded(page, address("/inbox?show=notices")));
  await studio.close();
});

test("memory", async ({ browser }) => {
  const context = await browser.newContext({ storageState: ownerState });
  const page = await context.newPage();
  const studio = await Studio.open(browser, ownerState);
  await studio.shoot("memory-empty", (fresh) => loaded(fresh, address("/memory")));
  await publish(page, policyDesk);
  const run = await startRun(page, "policy-desk");
  await finished(page, "Succeeded");
  await page.goto(address("/memory"));
  const answer = await page.request.get(address("/api/trpc/memory.places"));
  const { result } = (await answer.json()) as {
    result: { data: { json: { flows: { subject: string; title: string }[] } } };
  };
  const of = result.data.json.flows.find(({ title }) => title === "Policy desk")?.subject ?? "";
  await studio.shoot("memory-flow", (fresh) => loaded(fresh, address(`/memory?of=${of}`)));
  await studio.shoot("memory-history", async (fresh) => {
    await loaded(fresh, address(`/memory?of=${of}`));
    await fresh.getByRole("button", { name: "History of flow:desk.policy" }).click();
    await fresh.getByRole("dialog").getByText("Version 1", { exact: true }).waitFor();
  });
  await studio.shoot("memory-edit", async (fresh) => {
    await loaded(fresh, address(`/memory?of=${of}`));
    await fresh.getByRole("button", { name: "Edit flow:desk.policy" }).click();
    await fresh.getByRole("dialog").getByLabel("Text of flow:desk.policy").waitFor();
    await fresh.getByText("Saved").waitFor();
    await fresh.getByText("No run under way reads it any more.").waitFor();
  });
  await studio.shoot("memory-new", async (fresh) => {
    await loaded(fresh, address("/memory"));
    await fresh.getByRole("button", { name: "Remember something" }).click();
    const dialog = fresh.getByRole("dialog");
    await dialog.getByLabel("Name").fill("limits");
    await dialog.getByLabel("Holds").selectOption("JSON");
    await dialog.getByLabel("Value").fill("{ amount: 40 }");
    await dialog.getByRole("button", { name: "Remember" }).click();
    await dialog.getByRole("alert").waitFor();
  });
  await studio.shoot("run-memory", async (fresh, isPhone) => {
    await loaded(fresh, run);
    if (isPhone) await fresh.getByRole("button", { name: "Graph and more" }).click();
    await fresh.getByRole("tab", { name: "Memory" }).click();
    await fresh.getByRole("list", { name: "Entries" }).waitFor();
  });
  await studio.close();
  await context.close();
});

test("work is done", async ({ browser }) => {
  const context = await browser.newContext({ storageState: ownerState });
  const page = await context.newPage();
  await startRun(page, "hello");
  await finished(page, "Succeeded");

  await startRun(page, "support-desk");
  await waitsForRefund(page);
  await page.getByRole("button", { name: refund, exact: true }).click();
  runs.succeeded = await finished(page, "Succeeded");

  await startRun(page, "support-desk");
  await waitsForRefund(page);
  await page.getByRole("button", { name: "Cancel run" }).click();
  await page
    .getByRole("dialog")
    .getByLabel(/Reason/)
    .fill("The customer withdrew");
  await page.getByRole("dialog").getByRole("button", { name: "Cancel run" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Cancelled");
  runs.cancelled = page.url();

  for (const text of [nightlyExport, onCall, digest, orderDesk]) await publish(page, text);
  await startRun(page, "nightly-export");
  runs.failed = await finished(page, "Failed");
  await startRun(page, "weekly-digest");
  runs.timer = page.url();
  await startRun(page, "hand-over");
  await expect(page.getByRole("article")).toBeVisible();

  await startRun(page, "support-desk");
  await waitsForRefund(page);
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  runs.paused = await finished(page, "Paused by");
  await page.goto(`${runs.succeeded.split("?")[0]}?task=check`);
  await page.getByRole("button", { name: "Fork from here" }).click();
  await page.getByRole("button", { name: "Start the fork" }).click();
  await page.waitForURL((url) => !url.toString().startsWith(runs.succeeded.split("?")[0] ?? ""));
  runs.forked = await finished(page, "Succeeded");

  await page.goto(address("/flows/intrusion-watch"));
  await page
    .locator('input[type="file"]')
    .first()
    .setInputFiles({ name: "auth.log", mimeType: "text/plain", buffer: Buffer.from(sshLog()) });
  await expect(page.getByRole("button", { name: "Remove auth.log" })).toBeVisible();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.waitForURL(/\/runs\/run_/);
  await expect(page.getByRole("article")).toBeVisible();
  runs.found = page.url();

  await startRun(page, "support-desk");
  runs.waiting = await waitsForRefund(page);

  await page.goto(address("/people"));
  await page.getByRole("button", { name: "Invite someone" }).click();
  await page.getByLabel("E-mail").fill(grace.email);
  await page.getByRole("checkbox", { name: "approver" }).check();
  await page.getByRole("button", { name: "Make the link" }).click();
  const link = await page.getByText(/\/join\?token=/).innerText();
  const studio = await Studio.open(browser);
  await studio.shoot("join", (fresh) => loaded(fresh, link));
  await studio.close();
  const other = await (await browser.newContext()).newPage();
  await other.goto(link);
  await other.getByLabel("Your name").fill(grace.name);
  await other.getByLabel("Password").fill(grace.password);
  await other.getByRole("button", { name: "Join" }).click();
  await other.waitForURL(address("/"));
  await other.context().close();

  await page.goto(address("/settings"));
  await page.getByLabel("Name", { exact: true }).fill("SHOP_TOKEN");
  await page.getByLabel("Value").fill("shop-secret-of-the-screens");
  await page.getByRole("button", { name: "Save secret" }).click();
  await expect(page.getByText("SHOP_TOKEN", { exact: true })).toBeVisible();
  await context.close();
});

/** A flow's page with its editor and its graph drawn. */
async function flow(page: Page, path: string): Promise<void> {
  await loaded(page, address(path));
  await page.getByRole("textbox", { name: "The flow as YAML" }).waitFor();
  await page.locator(".react-flow__node").first().waitFor();
}

test("the places", async ({ browser }) => {
  const studio = await Studio.open(browser, ownerState);
  await studio.shoot("home", (page) => loaded(page, address("/")));
  await studio.shoot("flows", (page) => loaded(page, address("/flows")));
  await studio.shoot("flows-none", async (page) => {
    await loaded(page, address("/flows"));
    await page.getByRole("searchbox").fill("payroll");
    await page.getByText("No flow matches").waitFor();
  });
  await studio.shoot("flow", (page) => flow(page, "/flows/support-desk"));
  await studio.shoot("flow-refused", async (page) => {
    await flow(page, "/flows/intrusion-watch");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByRole("alert").filter({ hasText: /./ }).first().waitFor();
  });
  await studio.shoot("editor", async (page, isPhone) => {
    await editor(page, "/flows/support-desk/edit");
    if (isPhone) return;
    await page.locator(".react-flow__node").first().waitFor();
  });
  await studio.shoot("editor-task", async (page, isPhone) => {
    await editor(page, "/flows/support-desk/edit");
    if (isPhone) await page.getByRole("button", { name: "Canvas" }).click();
    await page.locator(".react-flow__node button").first().click();
    await page.getByRole("region", { name: "Selected task" }).getByLabel("id").waitFor();
  });
  await studio.shoot("editor-add", async (page, isPhone) => {
    await editor(page, "/flows/support-desk/edit");
    if (isPhone) await page.getByRole("button", { name: "Canvas" }).click();
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("dialog").waitFor();
  });
  await studio.shoot("editor-place", async (page, isPhone) => {
    await editor(page, "/flows/support-desk/edit");
    if (isPhone) await page.getByRole("button", { name: "Canvas" }).click();
    await page.locator(".react-flow__node button").first().click();
    if (isPhone) await page.getByRole("button", { name: "Close the form" }).click();
    await page.getByRole("button", { name: "Move to another place (M)" }).click();
    await page
      .getByRole("group", { name: /^Where to put/ })
      .getByRole("button")
      .first()
      .waitFor();
  });
  await studio.shoot("editor-problems", async (page) => {
    await editor(page, "/flows/order-desk/edit");
    const code = page.getByRole("textbox", { name: "The flow as YAML" });
    if (!(await code.innerText()).includes("inputs.tiket")) {
      await code.click();
      await page.keyboard.press("ControlOrMeta+a");
      await page.keyboard.insertText(
        orderDesk
          .replace("{{ inputs.ticket }} for", "{{ inputs.tiket }} for")
          .replace("catchUp: last", "catchUp: lst"),
      );
    }
    await page.getByRole("list", { name: "Problems" }).waitFor();
  });
  await studio.shoot("editor-publish", async (page) => {
    await editor(page, "/flows/order-desk/edit");
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await page.getByRole("dialog").getByText("lines unchanged").first().waitFor();
  });
  await studio.shoot("editor-revisions", async (page) => {
    await editor(page, "/flows/order-desk/edit");
    await page.getByRole("button", { name: "Revisions" }).click();
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /Bring revision/ })
      .waitFor();
  });
  await studio.shoot("new-flow", (page) => loaded(page, address("/flows/new")));
  await studio.shoot("new-flow-paste", async (page) => {
    await loaded(page, address("/flows/new"));
    await page.getByRole("button", { name: "Paste YAML" }).click();
  });
  await studio.shoot("flow-missing", (page) => loaded(page, address("/flows/not-there")));
  await studio.shoot("triggers", (page) => loaded(page, address("/triggers")));
  await studio.shoot("flow-with-triggers", (page) => flow(page, "/flows/order-desk"));
  await studio.shoot("flow-triggers", (page) => loaded(page, address("/flows/order-desk?tab=triggers")));
  await studio.shoot("flow-triggers-console", async (page) => {
    await loaded(page, address("/flows/order-desk?tab=triggers"));
    const shop = page.locator("#shop");
    await shop.getByLabel("Body").fill('{ "id": 7, "total": 40 }');
    await shop.getByRole("button", { name: "Send and start a run" }).click();
    await shop.getByText(/^Answered/).waitFor();
    await shop.getByText("Try it").evaluate((heading) => heading.scrollIntoView({ block: "start" }));
  });
  await studio.shoot("runs", (page) => loaded(page, address("/runs")));
  await studio.shoot("runs-chosen", async (page) => {
    await loaded(page, address("/runs"));
    await page.getByRole("checkbox", { name: "Choose all that are listed" }).check();
    await page.getByRole("group", { name: "Chosen runs" }).waitFor();
  });
  await studio.shoot("runs-none", (page) => loaded(page, address("/runs?state=queued")));
  await studio.shoot("inbox", (page) => loaded(page, address("/inbox")));
  await studio.shoot("inbox-bytes", async (page) => {
    await loaded(page, address("/inbox"));
    await page
      .getByRole("article", { name: refund })
      .getByRole("button", { name: /Exact bytes/ })
      .first()
      .click();
  });
  await studio.shoot("inbox-decided", (page) => loaded(page, address("/inbox?show=decided")));
  await studio.shoot("inbox-notices", (page) => loaded(page, address("/inbox?show=notices")));
  await studio.shoot("audit", (page) => loaded(page, address("/audit")));
  await studio.shoot("audit-entry", async (page) => {
    await loaded(page, `${address("/audit")}?run=${runs.succeeded.split("/").at(-1)?.split("?")[0]}`);
    await page
      .getByRole("button", { name: /Ada Lovelace.*approval/i })
      .first()
      .click();
  });
  await studio.shoot("tools", (page) => loaded(page, address("/tools")));
  await studio.shoot("people", (page) => loaded(page, address("/people")));
  await studio.shoot("people-invite", async (page) => {
    await loaded(page, address("/people"));
    await page.getByRole("button", { name: "Invite someone" }).click();
    await page.getByLabel("E-mail").fill("lin@example.com");
  });
  await studio.shoot("people-roles", async (page) => {
    await loaded(page, address("/people"));
    await page.getByRole("button", { name: "Change roles" }).last().click();
    await page.getByRole("dialog").waitFor();
  });
  await studio.shoot("settings", (page) => loaded(page, address("/settings")));
  await studio.close();
});

test("comments on a draft", ({ browser }, info) => shootComments(browser, info));

test("a draft that is tried out", ({ browser }) => shootTrying(browser));

test("the runs", async ({ browser }) => {
  const studio = await Studio.open(browser, ownerState);
  await studio.shoot("run-waiting", (page, isPhone) => run(page, runs.waiting, isPhone));
  await studio.shoot("run-waiting-finding", (page, isPhone) => run(page, runs.found, isPhone));
  await studio.shoot("run-succeeded", (page, isPhone) => run(page, runs.succeeded, isPhone));
  await studio.shoot("run-failed", (page, isPhone) => run(page, runs.failed, isPhone));
  await studio.shoot("run-cancelled", (page, isPhone) => run(page, runs.cancelled, isPhone));
  await studio.shoot("run-timer", (page, isPhone) => run(page, runs.timer, isPhone));
  await studio.shoot("run-paused", (page, isPhone) => run(page, runs.paused, isPhone));
  await studio.shoot("run-forked", (page, isPhone) => run(page, `${runs.forked}?task=triage`, isPhone));
  await studio.shoot("run-fork", async (page, isPhone) => {
    await run(page, `${runs.succeeded.split("?")[0]}?task=check`, isPhone);
    await page.getByRole("button", { name: "Fork from here" }).click();
    await page.getByRole("dialog", { name: /Fork from/ }).waitFor();
  });
  await studio.shoot("run-streaming", async (page) => {
    await startRun(page, "support-desk");
    await expect(page.getByText(/The task: Sort/).first()).toBeVisible();
  });
  await studio.close();
});

test("the states that only some flows come to", async ({ browser }) => {
  await shootStates(browser);
});

test("what lies over them, and what goes wrong", async ({ browser }) => {
  const studio = await Studio.open(browser, ownerState);
  const open = async (page: Page, isPhone: boolean): Promise<void> => {
    await loaded(page, address("/flows"));
    if (isPhone) await page.getByRole("button", { name: "More" }).click();
    else await page.keyboard.press("ControlOrMeta+k");
    await page
      .getByRole("option", { name: /Support desk/ })
      .first()
      .waitFor();
  };
  await studio.shoot("palette", open);
  await studio.shoot("palette-search", async (page, isPhone) => {
    await open(page, isPhone);
    await page.getByRole("combobox").fill("theme");
  });
  await studio.shoot("shortcuts", async (page) => {
    await loaded(page, address("/flows"));
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Shortcuts" }).waitFor();
  });
  await studio.shoot("account", async (page, isPhone) => {
    await loaded(page, address("/flows"));
    if (isPhone) await page.getByRole("button", { name: "More" }).click();
    else await page.getByRole("button", { name: "Your account" }).click();
    await page.getByText("Sign out").first().waitFor();
  });
  for (const [name, path] of [
    ["home", "/"],
    ["flows", "/flows"],
    ["flow", "/flows/support-desk"],
    ["run", runs.waiting.replace(address(""), "")],
    ["inbox", "/inbox"],
    ["people", "/people"],
  ] as const) {
    await studio.shoot(`loading-${name}`, async (page) => {
      await holdAnswers(page);
      await page.goto(address(path));
      await page.locator(".skeleton").first().waitFor();
    });
  }
  await studio.shoot("error-flows", async (page) => {
    await failProcedure(page, "flow.list");
    await page.goto(address("/flows"));
    await page.getByRole("alert").filter({ hasText: "database" }).waitFor();
  });
  await studio.shoot("error-home", async (page) => {
    await failProcedure(page, "home");
    await page.goto(address("/"));
    await page.getByRole("alert").filter({ hasText: "database" }).waitFor();
  });
  await studio.shoot("error-me", async (page) => {
    await failProcedure(page, "me");
    await page.goto(address("/runs"));
    await page.getByRole("alert").filter({ hasText: "database" }).waitFor();
  });
  await studio.close();
});

test("all pictures came about", () => {
  expect(missing).toEqual([]);
});

test("the picture of the README", async ({ browser }) => {
  // It is in git, so it changes only when asked for: `npm run screens readme`.
  test.skip(process.env["BATON_SCREENS"] !== "readme");
  const context = await browser.newContext({
    storageState: ownerState,
    colorScheme: "light",
    reducedMotion: "reduce",
    viewport: { width: 1440, height: 900 },
  });
  const page = await context.newPage();
  await run(page, runs.waiting, false);
  await picture(page, join(folder, "../docs/run.png"));
  await context.close();
});
