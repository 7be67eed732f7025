import { join } from "node:path";
import { expect, type Page } from "@playwright/test";

/** Where the owner's session is kept between files. */
export const ownerState = join(import.meta.dirname, "../../test-results/owner.json");

export const owner = { name: "Ada Lovelace", email: "ada@example.com", password: "correct horse battery" };

export function address(path: string): string {
  const url = process.env["BATON_E2E_URL"];
  if (url === undefined) throw new Error("The global set-up has not run.");
  return `${url}${path}`;
}

export async function signIn(page: Page, who: { email: string; password: string }): Promise<void> {
  await page.goto(address("/sign-in"));
  await page.getByLabel("E-mail").fill(who.email);
  await page.getByLabel("Password").fill(who.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { level: 1 })).not.toHaveText("Sign in");
}

/** Starts a flow with its first sample, or with what the form holds, and answers the run's address. */
export async function startRun(page: Page, slug: string): Promise<string> {
  await page.goto(address(`/flows/${slug}`));
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.waitForURL(/\/runs\/run_/);
  return page.url();
}

/** Publishes a text as a new flow through the page. */
export async function publish(page: Page, text: string): Promise<void> {
  await page.goto(address("/flows/new"));
  await replaceText(page, text);
  await page.getByRole("button", { name: /Publish revision/ }).click();
  await page.waitForURL(/\/flows\/(?!new)/);
}

/** Replaces the text of the YAML editor as a person would who pastes over everything. */
export async function replaceText(page: Page, text: string): Promise<void> {
  const editor = page.getByRole("textbox", { name: "The flow as YAML" });
  await editor.click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(text);
}
