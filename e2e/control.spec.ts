import { expect, test, type Page } from "@playwright/test";
import { address, own, ownerState, publish, startRun } from "./support/world.ts";

test.use({ storageState: ownerState });

const archive = `id: archive
title: Archive the day
inputs:
  room: { type: integer, title: Room, default: 1 }
tasks:
  - id: collect
    title: Collect the files
    set: { files: 3 }
  - id: store
    title: Store them
    when: inputs.room < vars.files
    fail: There is no room.
outputs:
  stored: "{{ vars.files }}"
`;

const heading = (page: Page) => page.getByRole("heading", { level: 1 });

test.describe("what one may do with a run", () => {
  test("it is paused, seen as paused everywhere, and goes on", async ({ page }) => {
    const run = await startRun(page, "support-desk");
    await expect(heading(page)).toContainText("Waiting for you");
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    await expect(heading(page)).toHaveText("Paused by Ada Lovelace");
    await page.goto(address("/runs?state=paused"));
    await expect(
      page.getByRole("listitem").filter({ hasText: "Paused by Ada Lovelace" }).first(),
    ).toBeVisible();
    await page.goto(run);
    await expect(heading(page)).toHaveText("Paused by Ada Lovelace");
    await page.keyboard.press("ControlOrMeta+k");
    await page.getByRole("combobox").fill("go on");
    await page.getByRole("option", { name: "Let this run go on" }).click();
    await expect(heading(page)).toContainText("Waiting for you");
    await page.getByRole("button", { name: "Cancel run" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel run" }).click();
    await expect(heading(page)).toHaveText("Cancelled");
  });

  test("its flow is paused, starts nothing and says why, and starts runs again, with labels", async ({
    page,
  }, info) => {
    const id = own("archive-paused", info);
    await publish(page, archive.replace("id: archive", `id: ${id}`));
    await page.goto(address(`/flows/${id}`));
    await page.getByRole("button", { name: "Pause", exact: true }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Reason").fill("The room is being painted");
    await dialog.getByRole("button", { name: "Pause", exact: true }).click();
    await expect(page.getByText("Paused by Ada Lovelace")).toContainText("The room is being painted");
    await expect(page.getByRole("button", { name: "Run", exact: true })).toBeDisabled();
    await page.getByRole("button", { name: "Resume" }).click();
    await expect(page.getByRole("button", { name: "Run", exact: true })).toBeEnabled();
    await page.getByText("Labels", { exact: true }).click();
    await page.getByLabel("Labels of this run").fill("floor: 3");
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.waitForURL(/\/runs\/run_/);
    await expect(page.getByRole("link", { name: "floor: 3" })).toBeVisible();
  });

  test("one that failed is retried under its number, and forked from a task with other inputs", async ({
    page,
  }, info) => {
    const id = own("archive-failed", info);
    await publish(page, archive.replace("id: archive", `id: ${id}`));
    const run = await startRun(page, id);
    await expect(heading(page)).toContainText("Failed: There is no room");
    await page.getByRole("button", { name: "Retry" }).click();
    // The page goes to the result when the run is over: only then one chooses a task.
    await expect(page.getByRole("treeitem", { name: /attempt 1/ })).toBeVisible();
    await expect(heading(page)).toContainText("Failed: There is no room");
    await page.getByRole("treeitem", { name: /Store them/ }).click();
    await expect(page.getByText("Attempt 1 failed: There is no room.")).toBeVisible();
    await expect(heading(page)).toContainText("Failed: There is no room");
    expect(page.url().split("?")[0]).toBe(run);

    await page.getByRole("button", { name: "Fork from here" }).click();
    const dialog = page.getByRole("dialog", { name: "Fork from store" });
    await dialog.getByLabel("Room").fill("5");
    await dialog.getByRole("button", { name: "Start the fork" }).click();
    await expect(heading(page)).toContainText("Done");
    const source = page.getByRole("link", { name: "fork of run 1" });
    await page.getByRole("treeitem", { name: /Collect the files/ }).click();
    await expect(page.getByText("Taken over", { exact: true })).toBeVisible();
    await source.click();
    await expect(page).toHaveURL((url) => url.origin + url.pathname === run);
    await page.getByRole("button", { name: "Result", exact: true }).first().click();
    await page.getByRole("link", { name: "run 2" }).click();
    await expect(heading(page)).toContainText("Done");
  });

  test("many are retried at once; the progress stays over a reload", async ({ page }, info) => {
    const id = own("archive-many", info);
    await publish(page, archive.replace("id: archive", `id: ${id}`));
    for (let n = 0; n < 2; n += 1) {
      await startRun(page, id);
      await expect(heading(page)).toContainText("Failed");
    }
    await page.goto(address(`/runs?flow=${id}&state=failed`));
    await page.getByRole("checkbox", { name: "Choose all that are listed" }).check();
    await page.getByRole("button", { name: "Retry" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Retry them" }).click();
    await expect(page.getByText("2 runs taken up again")).toBeVisible();
    await expect(page.getByText("2 of 2")).toBeVisible();
    await page.reload();
    await expect(page.getByText("2 runs taken up again")).toBeVisible();
    await page.getByRole("button", { name: "Put away" }).click();
    await expect(page.getByText("2 runs taken up again")).toHaveCount(0);
  });
});
