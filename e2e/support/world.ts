import { basename, join } from "node:path";
import { expect, type Browser, type Page, type TestInfo } from "@playwright/test";

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

/** Calls one procedure as whoever is signed in on this page. */
async function call(page: Page, procedure: string, input: unknown): Promise<unknown> {
  if (!page.url().startsWith(address(""))) await page.goto(address("/flows"));
  return page.evaluate(
    async ([name, sent]) => {
      const answer = await fetch(`/api/trpc/${name}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ json: sent }),
      });
      if (!answer.ok) throw new Error(await answer.text());
      return ((await answer.json()) as { result: { data: { json: unknown } } }).result.data.json;
    },
    [procedure, input] as const,
  );
}

/** Publishes a text as a new flow and goes to its page. */
export async function publish(page: Page, text: string): Promise<void> {
  const { slug } = (await call(page, "flow.publish", { text, message: "" })) as { slug: string };
  await page.goto(address(`/flows/${slug}`));
}

/**
 * A name for this attempt of a test alone: one that failed is tried again in the same workspace, and what it left behind
 * must not be in its way.
 */
export function own(name: string, info: TestInfo): string {
  const attempt = info.retry + info.repeatEachIndex * 10;
  return attempt === 0 ? name : `${name}-${attempt}`;
}

/** An address of somebody who is in this test alone: tests of other files run beside it, in the same workspace. */
export function emailOf(name: string, info: TestInfo): string {
  const file = basename(info.file, ".spec.ts");
  return `${own(name.toLowerCase().replaceAll(" ", "."), info)}.${file}@example.com`;
}

export const guestPassword = "nanoseconds matter";

/** Goes to a link of an invitation and joins by it. */
export async function joinBy(page: Page, link: string, name: string): Promise<void> {
  await page.goto(link);
  await page.getByLabel("Your name").fill(name);
  await page.getByLabel("Password").fill(guestPassword);
  await page.getByRole("button", { name: "Join" }).click();
  await page.waitForURL(address("/"));
}

/** Somebody new with one role, signed in, in a browser of their own. `page` is the owner's. */
export async function newcomer(
  page: Page,
  browser: Browser,
  info: TestInfo,
  who: { name: string; role: string },
): Promise<Page> {
  const invited = { email: emailOf(who.name, info), roles: [who.role] };
  const { url } = (await call(page, "member.invite", invited)) as { url: string };
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const theirs = await context.newPage();
  await joinBy(theirs, url, who.name);
  return theirs;
}

/** Begins a flow with a text, as a person does who pastes it, and waits for the editor. */
export async function openDraft(page: Page, text: string): Promise<void> {
  await page.goto(address("/flows/new"));
  await page.getByRole("button", { name: "Paste YAML" }).click();
  await page.getByRole("dialog").getByLabel("The flow as YAML").fill(text);
  await page.getByRole("button", { name: "Open in the editor" }).click();
  await page.waitForURL(/\/flows\/[^/]+\/edit/);
  await editorReady(page);
}

/** Waits until the draft is open and saved. */
export async function editorReady(page: Page): Promise<void> {
  await expect(page.getByRole("textbox", { name: "The flow as YAML" })).toBeVisible();
  await expect(page.getByRole("status", { name: "Saving" })).toHaveText("Saved");
}

/** The draft as it is shown; the editor draws all lines of a text this short. */
export async function textOfDraft(page: Page): Promise<string> {
  return page.getByRole("textbox", { name: "The flow as YAML" }).evaluate((content) =>
    [...content.querySelectorAll(".cm-line")]
      .map((line) => {
        const copy = line.cloneNode(true) as HTMLElement;
        for (const cursor of copy.querySelectorAll(".cm-ySelectionCaret")) cursor.remove();
        return (copy.textContent ?? "").replaceAll("\u2060", "");
      })
      .join("\n"),
  );
}

/** Publishes the draft that is open, after looking at what changes. */
export async function publishDraft(page: Page, message: string): Promise<void> {
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: /Publish revision/ });
  await dialog.getByLabel("What changed").fill(message);
  await dialog.getByRole("button", { name: /Publish revision/ }).click();
  await page.waitForURL((url) => !url.pathname.endsWith("/edit"));
}

/** Replaces the text of the YAML editor as a person would who pastes over everything. */
export async function replaceText(page: Page, text: string): Promise<void> {
  const editor = page.getByRole("textbox", { name: "The flow as YAML" });
  await editor.click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(text);
}
