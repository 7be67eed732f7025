import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { address, ownerState, startRun } from "./support/world.ts";

test.use({ storageState: ownerState });

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing on the main pages, ${colorScheme}`, async ({ browser }) => {
    test.slow();
    const context = await browser.newContext({
      storageState: ownerState,
      colorScheme,
      reducedMotion: "reduce",
      viewport: { width: 1440, height: 900 },
    });
    const page = await context.newPage();
    const found: string[] = [];
    const look = async (where: string): Promise<void> => {
      const axe = new AxeBuilder({ page });
      // Only colours differ in the dark.
      const { violations } = await (
        colorScheme === "dark"
          ? axe.withRules(["color-contrast", "link-in-text-block"])
          : axe.withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])
      ).analyze();
      for (const violation of violations) {
        found.push(
          `${where}: ${violation.id}: ${violation.nodes
            .map((node) => node.target.join(" "))
            .slice(0, 3)
            .join(" | ")}`,
        );
      }
    };
    for (const path of [
      "/",
      "/flows",
      "/flows/new",
      "/flows/support-desk",
      "/flows/support-desk/edit",
      "/runs",
      "/triggers",
      "/inbox",
      "/audit",
      "/tools",
      "/people",
      "/settings",
    ]) {
      await page.goto(address(path));
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      await page.waitForLoadState("load");
      await expect(page.getByRole("status", { name: "Loading" })).toHaveCount(0);
      await look(path);
    }
    await startRun(page, "support-desk");
    await expect(page.getByRole("article", { name: "Refund 40 EUR for order 7" })).toBeVisible();
    await look("run");
    await page
      .getByRole("article")
      .getByRole("button", { name: "Refund 40 EUR for order 7", exact: true })
      .click();
    await expect(page.getByText("Succeeded").first()).toBeVisible();
    await look("run, finished");
    expect(found).toEqual([]);
    await context.close();
  });
}

test("the palette opens by its key and goes to a flow; ? lists the shortcuts", async ({ page }) => {
  await page.goto(address("/flows"));
  await expect(page.getByRole("link", { name: "Support desk" })).toBeVisible();
  await page.keyboard.press("ControlOrMeta+k");
  await page.getByPlaceholder("Go to a flow, a run or a place").fill("intrusion");
  await expect(page.getByRole("option", { name: /Intrusion watch/i, selected: true })).toBeVisible();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/flows\/intrusion-watch/);
  // A new page closes what lies over the old one.
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Intrusion watch");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Shortcuts" })).toBeVisible();
});
