import type { Browser } from "@playwright/test";
import { run } from "./scenes.ts";
import { editor, loaded, Studio } from "./studio.ts";
import { address, editorReady, openDraft, ownerState, publishDraft, replaceText } from "./world.ts";

const callBack = `id: call-back
title: Call a customer back
inputs: { name: { type: string, title: Name, default: Ada } }
agents:
  clerk:
    title: Clerk
    instructions: Tell the team what happened with notify.
    tools: [notify, http.get, http.request]
tools:
  crm.update:
    description: Writes a note about a customer
    risk: high
    http: POST https://crm.example.com/customers/{{ args.id }}
    input: { id: string, note: string }
    returns: { id: string, ok: boolean }
tasks:
  - id: update
    title: Update the customer
    tool: crm.update
    with: { id: "7", note: "{{ inputs.name }} called" }
  - id: tell
    title: Tell the team
    agent: clerk
    prompt: Notify admin that {{ inputs.name }} called.
  - id: note
    log: "{{ tasks.tell.output }}"
outputs:
  told: "{{ tasks.tell.output }}"
`;

const changed = callBack
  .replace("title: Tell the team\n    agent", "title: Tell everybody\n    agent")
  .replace('  - id: note\n    log: "{{ tasks.tell.output }}"\n', "")
  .replace(
    "  - id: update",
    '  - id: look\n    title: Look it up\n    log: "{{ inputs.name }}"\n  - id: update',
  );

/** A draft that is tried out, previewed and compared, as pictures. */
export async function shootTrying(browser: Browser): Promise<void> {
  const context = await browser.newContext({ storageState: ownerState });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  await openDraft(page, callBack);
  const draft = page.url();
  const tryIt = async (questions: "ask" | "answer"): Promise<string> => {
    await page.goto(draft);
    await editorReady(page);
    await page.getByRole("button", { name: "Try it" }).click();
    await page.getByRole("dialog").getByLabel("Approvals and forms").selectOption(questions);
    await page.getByRole("dialog").getByRole("button", { name: "Try it" }).click();
    await page.waitForURL(/\/runs\/run_/);
    return page.url();
  };
  const done = await tryIt("answer");
  await page.getByText("This was a sandbox run").waitFor();
  const waiting = await tryIt("ask");
  await page.getByRole("article", { name: "Run crm.update" }).first().waitFor();
  const studio = await Studio.open(browser, ownerState);
  const path = draft.replace(address(""), "");
  await studio.shoot("try-dialog", async (at) => {
    await editor(at, path);
    await at.getByRole("button", { name: "Try it" }).click();
    await at.getByRole("button", { name: "Give an answer for notify" }).click();
  });
  await studio.shoot("try-run", async (at, isPhone) => {
    await run(at, done, isPhone);
    await at.getByText("This was a sandbox run").waitFor();
  });
  await studio.shoot("try-call", async (at, isPhone) => {
    await run(at, `${done}?task=tell`, isPhone);
    await at.getByRole("article", { name: "Tool call notify" }).waitFor();
  });
  await studio.shoot("try-waiting", async (at, isPhone) => {
    await run(at, waiting, isPhone);
    await at.getByText("nothing real comes of").first().waitFor();
  });
  await studio.shoot("try-runs", async (at) => {
    await loaded(at, address("/runs?sandbox=only"));
    await at.getByRole("link").filter({ hasText: "Call a customer back" }).first().waitFor();
  });
  await studio.shoot("try-preview", async (at, isPhone) => {
    await editor(at, path);
    if (isPhone) await at.getByRole("button", { name: "Canvas" }).click();
    await at
      .locator(".react-flow__node")
      .filter({ hasText: "Update the customer" })
      .getByRole("button")
      .first()
      .click();
    await at.getByText("Previews are of").waitFor();
  });
  await page.goto(draft);
  await editorReady(page);
  await publishDraft(page, "First");
  await page.goto(draft);
  await editorReady(page);
  await replaceText(page, changed);
  await page.getByText("Differs from").waitFor();
  await studio.shoot("try-compared", async (at) => {
    await editor(at, path);
    await at.getByRole("button", { name: "Revisions" }).click();
    await at.getByRole("dialog").getByRole("button", { name: "Graph" }).click();
    await at
      .getByRole("dialog")
      .getByText(/^Tasks: \d/)
      .waitFor();
    await at.getByRole("dialog").locator(".react-flow__node").first().waitFor();
  });
  await studio.close();
  await context.close();
}
