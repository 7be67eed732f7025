import { expect, type Browser, type Page } from "@playwright/test";
import { showcase } from "./flows.ts";
import { changeAnswer, loaded, Studio } from "./studio.ts";
import { address, ownerState, publish, startRun } from "./world.ts";

/** A run's page with its graph, where it is wide enough for one. A phone shows one part at a time. */
export async function run(page: Page, url: string, isPhone: boolean): Promise<void> {
  await loaded(page, url);
  await page.getByRole("button", { name: "Copy link" }).waitFor();
  if (!isPhone) await page.locator(".react-flow__node").first().waitFor();
}

const heading = (page: Page) => page.getByRole("heading", { level: 1 });

/** Starts a flow and answers its run's address once its headline says this. */
async function started(page: Page, slug: string, says: string | RegExp): Promise<string> {
  await startRun(page, slug);
  await expect(heading(page)).toContainText(says);
  return page.url();
}

/** Runs in the states that only some flows come to, each with its own picture. */
export async function shootStates(browser: Browser): Promise<void> {
  const context = await browser.newContext({ storageState: ownerState });
  const page = await context.newPage();
  for (const text of Object.values(showcase).filter((flow) => !flow.includes("model: scarce")))
    await publish(page, text);
  const studio = await Studio.open(browser, ownerState);
  const show = (name: string, url: string) =>
    studio.shoot(name, (fresh, isPhone) => run(fresh, url, isPhone));

  const payout = await started(page, "payout", "Waiting for you");
  await show("run-escalated", payout);
  await studio.shoot("run-escalated-output", async (fresh, isPhone) => {
    await run(fresh, payout, isPhone);
    await fresh.getByRole("button", { name: "Give the output instead" }).click();
  });
  await studio.shoot("inbox-escalated", (fresh) => loaded(fresh, address("/inbox")));
  const press = await started(page, "press-release", "Waiting for you");
  await show("run-quorum", press);
  await show("run-graph-of-needs", await started(page, "nightly-build", /Done|Failed/));
  await show("run-rounds", await started(page, "wait-for-parcel", "Done"));
  await show("run-stopped-early", await started(page, "refund-check", /owed|Done/));
  await startRun(page, "order-day");
  await expect(page.getByRole("link", { name: /Run #?\d+ of/ }).first()).toBeVisible();
  await show("run-parent", page.url());
  await page
    .getByRole("link", { name: /Run #?\d+ of/ })
    .first()
    .click();
  await expect(heading(page)).toContainText("payment");
  await show("run-child", page.url());
  await show("run-wide", await started(page, "price-list", "Done"));
  await started(page, "stock-count", "Waiting for you");
  await startRun(page, "stock-count");
  await expect(page.getByText(/shelf-4/).first()).toBeVisible();
  await show("run-lock", page.url());
  await startRun(page, "month-end");
  await show("run-queued", await started(page, "month-end", "Queued"));
  await show("run-large-result", await started(page, "year-report", "Done"));
  await studio.shoot("flow-secret-input", (fresh) => loaded(fresh, address("/flows/rotate-key")));
  await studio.shoot("run-dead-lettered", async (fresh, isPhone) => {
    await changeAnswer(fresh, "run.get", (answer) => ({
      ...answer,
      state: "dead-lettered",
      headline: "It was taken up 5 times and ended its worker each time; last at the step release.",
    }));
    await run(fresh, press, isPhone);
  });
  await studio.close();
  await context.close();
}
