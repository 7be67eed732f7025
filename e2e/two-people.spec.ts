import { expect, test, type Page } from "@playwright/test";
import {
  address,
  emailOf,
  guestPassword,
  joinBy,
  newcomer,
  ownerState,
  signIn,
  startRun,
} from "./support/world.ts";

test.use({ storageState: ownerState });

test("two people watch a run; one decides, the other sees it; a reload shows the same", async ({
  page,
  browser,
}, info) => {
  test.slow();
  await page.goto(address("/people"));
  await page.getByRole("button", { name: "Invite someone" }).click();
  await page.getByLabel("E-mail").fill(emailOf("Grace Hopper", info));
  await page.getByRole("checkbox", { name: "viewer" }).uncheck();
  await page.getByRole("checkbox", { name: "approver" }).check();
  await page.getByRole("button", { name: "Make the link" }).click();
  const link = await page.getByText(/\/join\?token=/).innerText();

  const other = await (await browser.newContext()).newPage();
  await joinBy(other, link, "Grace Hopper");

  const run = await startRun(page, "support-desk");
  await other.goto(run);
  const first = page.getByRole("article", { name: "Refund 40 EUR for order 7" });
  const second = other.getByRole("article", { name: "Refund 40 EUR for order 7" });
  await expect(first).toBeVisible();
  await expect(second).toBeVisible();
  await expect(other.getByText(/Refund order 7/).first()).toBeVisible();

  // Two clicks on one button: the second changes nothing and nobody sees an error.
  await second.getByRole("button", { name: "Refund 40 EUR for order 7", exact: true }).dblclick();
  await expect(page.getByText("Succeeded").first()).toBeVisible();
  await expect(other.getByText("Succeeded").first()).toBeVisible();
  // Inside the page: outside it, the route announcer of the framework says each page's title as an alert.
  await expect(page.getByRole("main").getByRole("alert")).toHaveCount(0);
  await expect(other.getByRole("main").getByRole("alert")).toHaveCount(0);

  await same(page, other);
  await page.reload();
  await expect(page.getByText("Succeeded").first()).toBeVisible();
  await same(page, other);
  await other.context().close();
});

/** Waits until both see the same tasks. */
async function same(one: Page, other: Page): Promise<void> {
  const tree = async (page: Page) => words(await page.getByRole("tree").innerText());
  await expect(async () => expect(await tree(one)).toBe(await tree(other))).toPass({ timeout: 45_000 });
}

/** Times may be rounded anew; names and order may not change. */
function words(text: string): string {
  return text
    .replaceAll(/[\d.:]+\s*(s|ms|min|h)?\b/g, "")
    .replaceAll(/\s+/g, " ")
    .trim();
}

test("an approver who is no builder finds no way to change a flow, and the audit is closed to them", async ({
  page: owners,
  browser,
}, info) => {
  const who = { name: "Ann Approver", role: "approver" };
  const joined = await newcomer(owners, browser, info, who);
  await joined.context().close();
  const context = await browser.newContext();
  const page = await context.newPage();
  await signIn(page, { email: emailOf(who.name, info), password: guestPassword });
  await page.waitForURL(address("/"));
  await page.goto(address("/flows/support-desk"));
  await expect(page.getByText("Your roles don't include starting runs.")).toBeVisible();
  await expect(page.getByRole("link", { name: "See the draft" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Change this flow" })).toHaveCount(0);
  await page.goto(address("/audit"));
  await expect(page.getByRole("alert").filter({ hasText: "audit.read" })).toBeVisible();
  await context.close();
});

test("a session that ends while one watches is said, and signing in leads back", async ({ browser }) => {
  const context = await browser.newContext({ storageState: ownerState });
  const page = await context.newPage();
  await page.goto(address("/runs"));
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Runs");
  await context.clearCookies();
  await page.reload();
  await page.waitForURL(/\/sign-in\?next=%2Fruns/);
  await context.close();
});
