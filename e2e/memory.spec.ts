import { expect, test, type Page } from "@playwright/test";
import { address, newcomer, own, ownerState, publish, startRun } from "./support/world.ts";

test.use({ storageState: ownerState });

const desk = `id: memory-desk
title: Memory desk
description: Remembers a policy, asks a person, and lets an agent read it.
memory: { read: ["flow:*"], write: ["flow:desk.*"] }
agents:
  reader:
    title: Reader
    instructions: Answer from what memory says.
    tools: [memory]
    memory: { read: ["flow:desk.*"] }
tasks:
  - id: keep
    title: Remember the policy
    remember: { "flow:desk.policy": Refunds within 14 days }
    tags: [policy]
  - id: ask
    title: Ask a person
    form: May the agent go on?
    by: { roles: [operator] }
    fields: { note: { type: string, optional: true } }
  - id: read
    title: Read the policy
    agent: reader
    prompt: Read flow:desk.policy and say what it holds.
outputs:
  policy: "{{ memory('flow:desk.policy') }}"
  answer: "{{ tasks.read.output }}"
`;

async function flowId(page: Page, named: string): Promise<string> {
  return page.evaluate(async (wanted) => {
    const answer = await fetch(`/api/trpc/memory.places`);
    const { result } = (await answer.json()) as {
      result: { data: { json: { flows: { subject: string; title: string }[] } } };
    };
    return result.data.json.flows.find(({ title }) => title === wanted)?.subject ?? "";
  }, named);
}

test("what two people type while a run waits is what the agent reads at its next step", async ({
  page,
  browser,
}, info) => {
  test.slow();
  const id = own("memory-desk", info);
  const title = own("Memory desk", info);
  await publish(page, desk.replace("memory-desk", id).replace("Memory desk", title));
  const run = await startRun(page, id);
  await expect(page.getByText("May the agent go on?").first()).toBeVisible();

  await page.goto(address("/memory"));
  await expect(page.getByText("Nothing is remembered here yet")).toBeVisible();
  await page.getByLabel("Which memory").selectOption(await flowId(page, title));
  const entry = page.getByRole("listitem").filter({ hasText: "flow:desk.policy" });
  await expect(entry).toContainText("Refunds within 14 days");
  await expect(entry).toContainText("not read yet");

  // Somebody else has the page open, and sees the edit as it is typed.
  const other = await newcomer(page, browser, info, { name: "Ben Builder", role: "builder" });
  await other.goto(page.url());
  const theirs = other.getByRole("listitem").filter({ hasText: "flow:desk.policy" });
  await expect(theirs).toContainText("Refunds within 14 days");

  await entry.getByRole("button", { name: "Edit flow:desk.policy" }).click();
  const dialog = page.getByRole("dialog");
  const text = dialog.getByLabel("Text of flow:desk.policy");
  await expect(text).toContainText("Refunds within 14 days");
  await expect(dialog.getByText("Reader in Read the policy")).toBeVisible();
  await text.press("Control+End");
  await text.pressSequentially(", or 30");
  await expect(theirs).toContainText("Refunds within 14 days, or 30");
  await expect(theirs).toContainText("Ada Lovelace is here");

  // Both type in it; one of them without a connection for a while.
  await theirs.getByRole("button", { name: "Edit flow:desk.policy" }).click();
  const othersDialog = other.getByRole("dialog");
  const othersText = othersDialog.getByLabel("Text of flow:desk.policy");
  await expect(othersText).toContainText("or 30");
  await expect(dialog.getByText("Ben Builder is here")).toBeVisible();
  await other.context().setOffline(true);
  await othersText.press("Control+Home");
  await othersText.pressSequentially("Our rule: ");
  const saving = othersDialog.getByRole("status", { name: "Saving" });
  await expect(saving).not.toContainText("Saved");
  await text.press("Control+End");
  await text.pressSequentially(" days");
  await expect(text).not.toContainText("Our rule");
  await other.context().setOffline(false);
  for (const each of [text, othersText]) {
    await expect(each).toContainText("Our rule: ");
    await expect(each).toContainText("or 30 days");
  }
  await expect(saving).toContainText("Saved");
  await expect(dialog.getByRole("status", { name: "Saving" })).toContainText("Saved");
  await dialog.getByRole("button", { name: "Done" }).click();
  await expect(dialog).toBeHidden();
  const together = "Our rule: Refunds within 14 days, or 30 days";
  await expect(entry).toContainText(together);
  await other.context().close();

  await page.goto(run);
  await page
    .getByRole("article")
    .getByRole("button", { name: /Send|Answer|Submit/ })
    .first()
    .click();
  await expect(page.getByText("Succeeded").first()).toBeVisible();
  await expect(page.getByText(together).first()).toBeVisible();

  // The page tells who wrote each version, and which step read it.
  await page.goto(address(`/memory?of=${await flowId(page, title)}`));
  await expect(entry).toContainText("last read by");
  await entry.getByRole("button", { name: "History of flow:desk.policy" }).click();
  const history = page.getByRole("dialog");
  const versions = history.getByRole("list", { name: "Versions" }).getByRole("listitem");
  await expect(versions.first()).toContainText("Ada Lovelace");
  await expect(versions.first()).toContainText("Ben Builder");
  await expect(versions.last()).toContainText(title);
  await expect(history.getByText("by reader")).toBeVisible();
  await history.getByRole("button", { name: "Close" }).click();

  await page.getByLabel("Search this memory").fill("nowhere");
  await expect(page.getByText("No entry has these words.")).toBeVisible();
  await page.getByLabel("Search this memory").fill("rule 30");
  await expect(entry).toBeVisible();
});

test("the memory of a run is on its page", async ({ page }, info) => {
  const id = own("memory-run", info);
  await publish(
    page,
    `id: ${id}\ntitle: Memory run\ntasks:\n  - { id: keep, remember: { "run:total": 40 }, as: decision }\n`,
  );
  await startRun(page, id);
  await expect(page.getByText("Succeeded").first()).toBeVisible();
  await page.getByRole("tab", { name: "Memory" }).click();
  const entry = page.getByRole("listitem").filter({ hasText: "run:total" });
  await expect(entry).toContainText("40");
  await expect(entry).toContainText("decision");
});
