import type { Browser, Page, TestInfo } from "@playwright/test";
import { editor, loaded, Studio } from "./studio.ts";
import { address, newcomer, ownerState, publish } from "./world.ts";

const weekReport = `id: week-report
title: Week report
description: Gathers what happened and tells everyone.
tasks:
  - id: collect
    title: Collect the figures
    set: { orders: 1204, refunds: 31 }
  - id: write
    title: Write it
    log: Write about what happened, with {{ tasks.collect.output.orders }} orders
  - id: gate
    log: The gate is closed on Sundays
  - id: send
    title: Send it
    parallel:
      - id: mail
        log: By mail to everyone
      - id: board
        log: On the board in the hall
`;

/** A draft that two people talk about, as pictures. */
export async function shootComments(browser: Browser, info: TestInfo): Promise<void> {
  const context = await browser.newContext({ storageState: ownerState });
  const page = await context.newPage();
  await publish(page, weekReport);
  const mary = await newcomer(page, browser, info, { name: "Mary Somerville", role: "builder" });
  const panel = (on: Page) => on.getByRole("region", { name: "Comments", exact: true });
  const select = async (on: Page, words: string): Promise<void> => {
    await on.locator(".cm-line").filter({ hasText: words }).first().click();
    await on.keyboard.press("Home");
    await on.keyboard.press("Shift+End");
  };
  const comment = async (on: Page, words: string): Promise<void> => {
    const field = panel(on).getByRole("textbox", { name: "Comment" });
    await field.fill(words);
    await panel(on).getByRole("button", { name: "Comment", exact: true }).click();
    await field.waitFor({ state: "detached" });
  };
  await editor(page, "/flows/week-report/edit");
  await select(page, "Write about what happened");
  await page.keyboard.press("ControlOrMeta+Alt+m");
  await comment(page, "@Mary Somerville should this name the customers, or only their number?");
  await select(page, "gate is closed");
  await page.keyboard.press("ControlOrMeta+Alt+m");
  await comment(page, "Too harsh.");
  await page.locator(".react-flow__node").filter({ hasText: "collect" }).getByRole("button").click();
  await page.locator(".react-flow__node").filter({ hasText: "collect" }).press("c");
  await comment(page, "Who keeps these figures? They were late twice.");
  const thread = panel(page).getByRole("article", { name: /Write about what happened/ });
  await editor(mary, "/flows/week-report/edit");
  await mary.getByRole("button", { name: /Comments/ }).click();
  const theirs = panel(mary).getByRole("article", { name: /Write about what happened/ });
  await theirs.getByRole("button", { name: "Reply" }).click();
  await theirs.getByRole("textbox").fill("@Ada Lovelace only the number. The names are in the archive.");
  await theirs.getByRole("button", { name: "Reply", exact: true }).click();
  await thread.getByText("only the number").waitFor();
  await select(page, "gate is closed");
  await page.keyboard.insertText("log: Not today");
  await panel(page).getByText("is gone").waitFor();
  await panel(page)
    .getByRole("article", { name: "Comments on collect" })
    .getByRole("button", { name: "Resolve" })
    .click();
  await panel(page)
    .getByRole("button", { name: /^Resolved/ })
    .click();
  await panel(page).getByRole("button", { name: "Reopen" }).waitFor();
  const studio = await Studio.open(browser, ownerState);
  const opened = async (fresh: Page): Promise<void> => {
    await editor(fresh, "/flows/week-report/edit");
    await fresh.getByRole("button", { name: /^Comments/ }).click();
    await panel(fresh).getByText("is gone").waitFor();
  };
  await studio.shoot("comments", async (fresh) => {
    await opened(fresh);
    await panel(fresh)
      .getByRole("button", { name: /Write about what happened/ })
      .click();
    await panel(fresh).getByRole("article").first().and(fresh.locator("[aria-current]")).waitFor();
  });
  await studio.shoot("comments-resolved", async (fresh) => {
    await opened(fresh);
    await panel(fresh)
      .getByRole("button", { name: /^Resolved/ })
      .click();
    await panel(fresh).getByRole("button", { name: "Reopen" }).waitFor();
  });
  await studio.shoot("comments-mention", async (fresh) => {
    await opened(fresh);
    const card = panel(fresh).getByRole("article").first();
    await card.getByRole("button", { name: "Reply" }).click();
    await card.getByRole("textbox").pressSequentially("Ask @ma");
    await fresh.getByRole("option").first().waitFor();
  });
  await studio.shoot("comments-canvas", async (fresh) => {
    await editor(fresh, "/flows/week-report/edit");
    await fresh.getByRole("button", { name: "Canvas" }).click();
    await fresh.locator(".react-flow__node").getByTitle("A comment", { exact: true }).first().click();
    await panel(fresh).waitFor();
  });
  await studio.shoot("comments-notice", async (fresh) => {
    await loaded(fresh, address("/inbox?show=notices"));
    await fresh.getByText("mentioned you in").first().waitFor();
  });
  await studio.close();
  await mary.context().close();
  await context.close();
}
