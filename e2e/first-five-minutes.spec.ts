import { expect, test } from "@playwright/test";
import { address, editorReady, own, ownerState, publishDraft, replaceText } from "./support/world.ts";

test.use({ storageState: ownerState });

test("the first five minutes, without a key", async ({ page, context }, info) => {
  test.slow();
  await test.step("the page of the support desk has a sample filled in", async () => {
    await page.goto(address("/flows/support-desk?welcome=1"));
    await expect(page.getByLabel("Ticket")).toHaveValue(/order 7/);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.waitForURL(/\/runs\/run_/);
  });

  await test.step("agents' words stream in, marked as simulated, and tools are called", async () => {
    await expect(page.getByText("Simulated").first()).toBeVisible();
    await expect(page.getByRole("tree").getByText("orders.find").first()).toBeVisible();
    await expect(page.getByRole("heading", { level: 1 })).toContainText(
      "Waiting for you: refund 40 EUR for order 7",
    );
  });

  await test.step("the refund waits for a person; approved, the result comes on top", async () => {
    const card = page.getByRole("article", { name: "Refund 40 EUR for order 7" });
    await expect(card.getByText("High risk")).toBeVisible();
    await card.getByRole("button", { name: /Exact bytes/ }).click();
    await expect(card.getByText(/"tool":"pay.refund"/)).toBeVisible();
    await card.getByRole("button", { name: "Refund 40 EUR for order 7", exact: true }).click();
    await expect(page.getByText("Succeeded").first()).toBeVisible();
  });

  await test.step("Copy link pins the task and the moment", async () => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByRole("button", { name: "Copy link" }).click();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(link).toContain("/runs/run_");
    expect(new URL(link).searchParams.get("at")).toMatch(/^\d+$/);
  });

  await test.step("the audit of the run says who did what", async () => {
    await page.getByRole("link", { name: "See who did what" }).click();
    await page.waitForURL(/\/audit\?run=/);
    await expect(page.getByRole("button", { name: /Ada Lovelace.*approval/i }).first()).toBeVisible();
  });

  await test.step("the flow is changed, published and run again", async () => {
    await page.goto(address("/flows/support-desk"));
    await page.getByRole("button", { name: "Duplicate" }).click();
    await page.waitForURL(/\/flows\/support-desk-copy[^/]*\/edit/);
    await editorReady(page);
    await expect(page.getByRole("textbox", { name: "The flow as YAML" })).toContainText("Support desk");
    await replaceText(
      page,
      [
        `id: ${own("my-greeting", info)}`,
        "title: My greeting",
        "inputs: { name: { type: string, default: Grace } }",
        "agents:",
        "  greeter: { instructions: Greet people in one sentence. }",
        "tasks:",
        "  - id: greet",
        "    agent: greeter",
        '    prompt: "Greet {{ inputs.name }}"',
        'outputs: { greeting: "{{ tasks.greet.output }}" }',
        "",
      ].join("\n"),
    );
    await publishDraft(page, "Say hello instead");
    await page.waitForURL(address(`/flows/${own("my-greeting", info)}`));
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.waitForURL(/\/runs\/run_/);
    await expect(page.getByText("Succeeded").first()).toBeVisible();
    await expect(page.getByText(/Hello Grace/).first()).toBeVisible();
  });
});
