import { rm, writeFile } from "node:fs/promises";
import { expect, test } from "@playwright/test";
import { address, openDraft, own, ownerState, publish, startRun } from "./support/world.ts";

test.use({ storageState: ownerState });

test("broken YAML is marked at its line and can't be published; nothing typed is lost", async ({
  page,
}, info) => {
  await openDraft(page, `id: ${own("broken", info)}\ntasks:\n  - id: one\n    agnt: nobody\n`);
  const problems = page.getByRole("list", { name: "Problems" });
  await expect(problems.getByRole("button").first()).toContainText(/[34]:\d/);
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await expect(page.getByRole("button", { name: /to solve/ })).toBeDisabled();
  await page.getByRole("button", { name: "Not yet" }).click();
  await expect(page.getByRole("textbox", { name: "The flow as YAML" })).toContainText("agnt: nobody");
});

test("inputs of the wrong type are refused at their field, and stay as typed", async ({ page }, info) => {
  await publish(
    page,
    `id: ${own("typed-inputs", info)}\ninputs:\n  amount: { type: number, min: 0, max: 10 }\ntasks:\n  - { id: keep, set: { twice: "{{ inputs.amount * 2 }}" } }\noutputs: { twice: "{{ tasks.keep.output.twice }}" }\n`,
  );
  const amount = page.getByLabel("Amount");
  await amount.fill("many");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await expect(amount).toHaveAttribute("aria-invalid", "true");
  await expect(amount).toHaveValue("many");
  await amount.fill("4");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.waitForURL(/\/runs\/run_/);
  await expect(page.getByText("Succeeded").first()).toBeVisible();
  await expect(page.getByText("8", { exact: true }).first()).toBeVisible();
});

test("an upload of 50 MB and a picture that calls itself a log are refused with what to do", async ({
  page,
}, info) => {
  await page.goto(address("/flows/intrusion-watch"));
  const input = page.locator('input[type="file"]').first();
  const huge = info.outputPath("huge.log");
  await writeFile(huge, Buffer.alloc(50 * 1024 * 1024, "a\n"));
  await input.setInputFiles(huge);
  await expect(page.getByRole("alert").filter({ hasText: "huge.log was not taken" })).toBeVisible();
  await rm(huge);
  const png = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
  await input.setInputFiles({
    name: "auth.log",
    mimeType: "text/plain",
    buffer: Buffer.concat([png, Buffer.alloc(2000)]),
  });
  await expect(page.getByRole("alert").filter({ hasText: "auth.log was not taken" })).toBeVisible();
});

test("a cancelled run can't be approved any more", async ({ page }) => {
  const run = new URL(await startRun(page, "support-desk")).pathname;
  const card = page.getByRole("article", { name: "Refund 40 EUR for order 7" });
  await expect(card).toBeVisible();
  await page.getByRole("button", { name: "Cancel run" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel run" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Cancelled");
  await page.goto(address("/inbox"));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Inbox");
  await expect(page.getByRole("status", { name: "Loading" })).toHaveCount(0);
  await expect(page.getByRole("main").locator(`a[href*="${run}"]`)).toHaveCount(0);
});
