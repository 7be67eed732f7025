import { expect, test } from "@playwright/test";
import { openDraft, own, ownerState } from "./support/world.ts";

test.use({ storageState: ownerState });

const text = `id: tryout
title: Tell the team
inputs: { name: { type: string, default: Ada } }
tasks:
  - id: tell
    tool: notify
    with: { to: admin, text: "Hello {{ inputs.name }}" }
  - id: gate
    approval: Go on?
    by: { roles: [approver] }
  - id: last
    log: over
`;

test("a draft is tried out: its calls are mocked, and it goes on only to the task that was chosen", async ({
  page,
}, info) => {
  test.slow();
  await openDraft(page, text.replace("id: tryout", `id: ${own("tryout", info)}`));
  const url = page.url();
  const dialog = page.getByRole("dialog");

  await test.step("to its end, with an answer given for a tool, and questions that answer themselves", async () => {
    await page.getByRole("button", { name: "Try it" }).click();
    await expect(dialog).toContainText("Mocked with an example");
    await dialog.getByRole("button", { name: "Give an answer for notify" }).click();
    await dialog
      .getByLabel("Answer of notify, as JSON")
      .fill('{ "sent": true, "to": "everyone", "notified": 7 }');
    await dialog.getByLabel("Approvals and forms").selectOption("answer");
    await dialog.getByRole("button", { name: "Try it" }).click();
    await page.waitForURL(/\/runs\/run_/);
    await expect(page.getByText("Sandbox", { exact: true }).first()).toBeVisible();
    await expect(page.getByText("This was a sandbox run", { exact: false })).toBeVisible();
    await page.getByRole("treeitem").filter({ hasText: "tell" }).first().click();
    const call = page.getByRole("article", { name: "Tool call notify" });
    await expect(call).toContainText("Mocked, as given");
    await expect(call).toContainText("everyone");
  });

  await test.step("to the task that is chosen on the canvas", async () => {
    await page.goto(url);
    const node = page.locator(".react-flow__node").filter({ hasText: "tell" }).getByRole("button");
    await node.click();
    await expect(node).toHaveAttribute("aria-pressed", "true");
    await page.getByRole("button", { name: "Run to here" }).first().click();
    await expect(dialog).toContainText("the run ends once this task has");
    await dialog.getByRole("button", { name: "Run to here" }).click();
    await page.waitForURL(/\/runs\/run_/);
    await expect(page.getByText('Stopped after "tell", as asked.').first()).toBeVisible();
  });
});
