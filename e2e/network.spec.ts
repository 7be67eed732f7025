import { expect, test } from "@playwright/test";
import { address, ownerState } from "./support/world.ts";

test.use({ storageState: ownerState });

test("an admin narrows where calls may go; what can't be read is named and stays in the field", async ({
  page,
}) => {
  await page.goto(address("/settings"));
  const all = page.getByRole("radio", { name: "All public addresses" });
  const narrow = page.getByRole("radio", { name: "Only the places below" });
  const places = page.getByRole("textbox", { name: "Places" });
  const save = page.locator("form").filter({ has: narrow }).getByRole("button", { name: "Save" });
  await expect(all).toBeChecked();
  await narrow.check();
  await expect(page.getByText("tools reach nothing outside of Baton")).toBeVisible();
  await places.fill("api.example.com\nftp://files.example.com");
  await save.click();
  await expect(page.getByText('Not a place: "ftp://files.example.com".')).toBeVisible();
  await expect(places).toHaveValue("api.example.com\nftp://files.example.com");
  await places.fill("api.example.com\n*.example.org");
  await save.click();
  await expect(page.getByText("The rules are saved.")).toBeVisible();
  await page.reload();
  await expect(narrow).toBeChecked();
  await expect(places).toHaveValue("api.example.com\n*.example.org");
  // Open again for whoever comes next.
  await all.check();
  await save.click();
  await expect(save).toBeDisabled();
  await page.reload();
  await expect(all).toBeChecked();
});
