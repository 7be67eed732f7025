import { expect, test, type Page } from "@playwright/test";
import { changeAnswer } from "./support/studio.ts";
import { address, ownerState, startRun } from "./support/world.ts";

test.use({ storageState: ownerState });

const waitsForRefund = (page: Page) =>
  expect(page.getByRole("heading", { level: 1 })).toContainText("Waiting for you: refund 40 EUR for order 7");

test("a reload while an agent speaks shows the words from their beginning", async ({ page }) => {
  await startRun(page, "support-desk");
  const words = page.getByRole("region", { name: "What it did" });
  // Chosen, since the page goes along with the run, which may be further already.
  await page
    .getByRole("treeitem", { name: /^(Done|Running) Sort the ticket/ })
    .first()
    .click();
  await expect(words).toContainText("The task: Sort this ticket");
  await page.reload();
  await expect(page.getByRole("tree")).toBeVisible();
  await expect(words).toContainText("The task: Sort this ticket");
});

test("a link carries task and moment, and leads back to now", async ({ page }) => {
  const run = await startRun(page, "support-desk");
  await waitsForRefund(page);
  await page.goto(`${run}?task=triage&at=5`);
  await expect(page.getByText(/event 5 of \d+/)).toBeVisible();
  await expect(page.getByRole("heading", { level: 2, name: "triage" })).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).not.toContainText("Waiting");
  await page.getByRole("button", { name: "Go live" }).click();
  await waitsForRefund(page);
  await expect(page).toHaveURL(
    ({ searchParams }) => searchParams.get("at") === null && searchParams.get("task") === "triage",
  );
});

test("the trace is a tree for the keyboard", async ({ page }) => {
  await startRun(page, "support-desk");
  await waitsForRefund(page);
  const first = page.getByRole("treeitem").first();
  await first.click();
  await expect(first).toHaveAttribute("aria-expanded", "true");
  await page.keyboard.press("ArrowLeft");
  await expect(first).toHaveAttribute("aria-expanded", "false");
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("treeitem", { selected: true })).toContainText("Look up the order");
  await expect(page).toHaveURL(/task=order/);
});

test("cancelling asks first, says why, and withdraws what was asked", async ({ page }) => {
  await startRun(page, "support-desk");
  await waitsForRefund(page);
  await page.getByRole("button", { name: "Cancel run" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/Reason/).fill("The customer withdrew");
  await dialog.getByRole("button", { name: "Cancel run" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Cancelled");
  await expect(page.getByText("cancelled it: The customer withdrew")).toBeVisible();
  await expect(page.getByRole("button", { name: "Refund 40 EUR for order 7", exact: true })).toHaveCount(0);
});

test("a question that does not fit is shown from its beginning", async ({ page }) => {
  const link = await startRun(page, "support-desk");
  await waitsForRefund(page);
  await page.setViewportSize({ width: 390, height: 600 });
  await page.goto(link);
  await waitsForRefund(page);
  const question = page.getByRole("heading", { name: "Refund 40 EUR for order 7", exact: true });
  await expect(question).toBeInViewport();
  await expect(page.getByRole("button", { name: "Jump to newest" })).toHaveCount(0);
});

test("what a run that was set aside had asked can't be decided until it is retried", async ({ page }) => {
  const link = await startRun(page, "support-desk");
  await waitsForRefund(page);
  // Nothing of the page that is left is under way any more.
  await page.goto("about:blank");
  await changeAnswer(page, "run.get", (run) => ({
    ...run,
    state: "dead-lettered",
    headline: "It was taken up 5 times and ended its worker each time.",
  }));
  await page.goto(link);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Set aside");
  await expect(page.getByText("Retry it, then this can be decided.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Retry" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Refund 40 EUR for order 7", exact: true })).toHaveCount(0);
});

test("a run that is not there says so and leads to the list", async ({ page }) => {
  await page.goto(address("/runs/run_00000000000000000000000000"));
  await expect(page.getByRole("alert").first()).toContainText("There is no run");
  await page.getByRole("link", { name: "See the runs of this workspace" }).click();
  await page.waitForURL(/\/runs$/);
});
