import { expect, test, type Browser, type Page } from "@playwright/test";
import { showcase } from "./support/flows.ts";
import { address, ownerState, publish, startRun } from "./support/world.ts";

test.use({ storageState: ownerState });

const lin = { name: "Lin Chen", email: "lin@example.com", password: "two keys for one door" };
const question = "Pay the invoice failed. How should it go on?";
const heading = (page: Page) => page.getByRole("heading", { level: 1 });
const card = (page: Page) => page.getByRole("article", { name: question });

/** A second person who may approve; joins by an invitation of the owner. */
async function secondPerson(page: Page, browser: Browser): Promise<Page> {
  await page.goto(address("/people"));
  await page.getByRole("button", { name: "Invite someone" }).click();
  await page.getByLabel("E-mail").fill(lin.email);
  await page.getByRole("checkbox", { name: "approver" }).check();
  await page.getByRole("button", { name: "Make the link" }).click();
  const link = await page.getByText(/\/join\?token=/).innerText();
  const other = await (await browser.newContext({ storageState: { cookies: [], origins: [] } })).newPage();
  await other.goto(link);
  await other.getByLabel("Your name").fill(lin.name);
  await other.getByLabel("Password").fill(lin.password);
  await other.getByRole("button", { name: "Join" }).click();
  await other.waitForURL(address("/"));
  return other;
}

test.describe("a task that failed for good", () => {
  test.describe.configure({ mode: "serial" });

  test("is shown as waiting, tried again from the run page, and answered in its place", async ({ page }) => {
    await publish(page, showcase.payout);
    await startRun(page, "payout");
    await expect(heading(page)).toContainText("Waiting for you: pay the invoice failed");
    await expect(
      page.getByRole("treeitem", { name: /^Waiting for a person Pay the invoice/ }).first(),
    ).toBeVisible();
    await card(page)
      .getByRole("button", { name: /Try again: attempt 3/ })
      .click();
    await expect(card(page).getByRole("button", { name: /Try again: attempt 4/ })).toBeVisible();
    await expect(page.getByText(/Attempt 2 failed.*Ada Lovelace chose to try again/s)).toBeVisible();

    await card(page).getByRole("button", { name: "Give the output instead" }).click();
    await card(page).getByRole("button", { name: "Go on with this output" }).click();
    await expect(
      card(page)
        .getByText(/required/)
        .first(),
    ).toBeVisible();
    await card(page).getByLabel("Receipt").fill("by hand 12");
    await card(page).getByLabel("Amount").fill("1280");
    await card(page).getByRole("button", { name: "Go on with this output" }).click();
    await expect(heading(page)).toContainText("Done");
    const result = page.getByRole("group", { name: "Outputs and cost" });
    await expect(result).toContainText("by hand 12");
    await expect(result).toContainText("Goalreached");
  });

  test("is skipped, or left to fail, from the inbox", async ({ page }) => {
    const run = await startRun(page, "payout");
    await expect(card(page)).toBeVisible();
    await page.goto(address("/inbox"));
    await expect(card(page).getByRole("list", { name: "Attempts" }).getByRole("listitem")).toHaveCount(2);
    await card(page).getByRole("button", { name: "Skip it and go on" }).click();
    await page.goto(run);
    await expect(heading(page)).toContainText("Done");
    await expect(page.getByText("not reached")).toBeVisible();

    const other = await startRun(page, "payout");
    await expect(card(page)).toBeVisible();
    await page.goto(address("/inbox"));
    await card(page).getByRole("button", { name: "Let it fail" }).click();
    await page.goto(other);
    await expect(heading(page)).toContainText("Failed: The script failed");
  });
});

test("two people have to approve: each sees the other's vote at once", async ({ page, browser }) => {
  test.slow();
  const other = await secondPerson(page, browser);
  await publish(page, showcase.press);
  const run = await startRun(page, "press-release");
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
  await expect(page.getByText(/decided by Ada Lovelace and Lin Chen/)).toBeVisible();
  await other.context().close();
});

test("a lost connection is said and taken up again; what came meanwhile is there", async ({
  page,
  browser,
}) => {
  const run = await startRun(page, "payout");
  await expect(card(page)).toBeVisible();
  await page.context().setOffline(true);
  await expect(page.getByText("The connection is lost.")).toBeVisible({ timeout: 45_000 });
  const second = await (await browser.newContext({ storageState: ownerState })).newPage();
  await second.goto(run);
  await card(second).getByRole("button", { name: "Skip it and go on" }).click();
  await expect(heading(second)).toContainText("Done");
  await page.context().setOffline(false);
  await expect(page.getByText("The connection is lost.")).toHaveCount(0, { timeout: 45_000 });
  await expect(heading(page)).toContainText("Done");
  await second.context().close();
});
