import { expect, test, type Page } from "@playwright/test";
import { showcase } from "./support/flows.ts";
import { address, newcomer, own, ownerState, publish, startRun } from "./support/world.ts";

test.use({ storageState: ownerState });

const heading = (page: Page) => page.getByRole("heading", { level: 1 });
/** What a person is asked of one run, on its page and in the inbox. */
const card = (page: Page, run: string) =>
  page
    .getByRole("article", { name: "Pay the invoice failed. How should it go on?" })
    .filter({ has: page.locator(`a[href^="${new URL(run).pathname}"]`) });

test("a task that failed for good is tried again from the run page, and answered in its place", async ({
  page,
}, info) => {
  const id = own("payout", info);
  await publish(page, showcase.payout.replace("payout", id));
  await startRun(page, id);
  const asked = page.getByRole("article", { name: "Pay the invoice failed. How should it go on?" });
  await expect(heading(page)).toContainText("Waiting for you: pay the invoice failed");
  await expect(
    page.getByRole("treeitem", { name: /^Waiting for a person Pay the invoice/ }).first(),
  ).toBeVisible();
  await asked.getByRole("button", { name: /Try again: attempt 3/ }).click();
  await expect(asked.getByRole("button", { name: /Try again: attempt 4/ })).toBeVisible();
  await expect(page.getByText(/Attempt 2 failed.*Ada Lovelace chose to try again/s)).toBeVisible();

  await asked.getByRole("button", { name: "Give the output instead" }).click();
  await asked.getByRole("button", { name: "Go on with this output" }).click();
  await expect(asked.getByLabel("Receipt")).toHaveAttribute("aria-invalid", "true");
  await asked.getByLabel("Receipt").fill("by hand 12");
  await asked.getByLabel("Amount").fill("1280");
  await asked.getByRole("button", { name: "Go on with this output" }).click();
  await expect(heading(page)).toContainText("Done");
  const result = page.getByRole("group", { name: "Outputs and cost" });
  await expect(result).toContainText("by hand 12");
  await expect(result).toContainText("Goalreached");
});

test("a task that failed for good is skipped, or left to fail, from the inbox", async ({ page }, info) => {
  const id = own("payout-inbox", info);
  await publish(page, showcase.payout.replace("payout", id));
  const run = await startRun(page, id);
  await expect(heading(page)).toContainText("Waiting for you");
  await page.goto(address("/inbox"));
  const attempts = card(page, run).getByRole("list", { name: "Attempts" }).getByRole("listitem");
  await expect(attempts).toHaveCount(2);
  await card(page, run).getByRole("button", { name: "Skip it and go on" }).click();
  await page.goto(run);
  await expect(heading(page)).toContainText("Done");
  await expect(page.getByText("not reached")).toBeVisible();

  const other = await startRun(page, id);
  await expect(heading(page)).toContainText("Waiting for you");
  await page.goto(address("/inbox"));
  await card(page, other).getByRole("button", { name: "Let it fail" }).click();
  await page.goto(other);
  await expect(heading(page)).toContainText("Failed: The script failed");
});

test("two people have to approve: each sees the other's vote at once", async ({ page, browser }, info) => {
  const other = await newcomer(page, browser, info, { name: "Mae Approver", role: "approver" });
  const id = own("press-release", info);
  await publish(page, showcase.press.replace("press-release", id));
  const run = await startRun(page, id);
  const mine = page.getByRole("article", { name: /Publish the statement/ });
  const theirs = other.getByRole("article", { name: /Publish the statement/ });
  await other.goto(run);
  await expect(theirs.getByText("2 people must approve this.")).toBeVisible();
  await mine.getByRole("button", { name: "Approve" }).click();
  await expect(mine.getByText("1 of 2 approved by Ada Lovelace")).toBeVisible();
  await expect(theirs.getByText("1 of 2 approved by Ada Lovelace")).toBeVisible();
  await expect(mine.getByRole("button", { name: "Approve" })).toHaveCount(0);
  await theirs.getByRole("button", { name: "Approve" }).click();
  await expect(heading(page)).toContainText("Done");
  await expect(heading(other)).toContainText("Done");
  await page.getByRole("treeitem", { name: /Release the text/ }).click();
  await expect(page.getByText(/decided by Ada Lovelace and Mae Approver/)).toBeVisible();
  await other.context().close();
});
