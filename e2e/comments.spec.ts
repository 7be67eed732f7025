import AxeBuilder from "@axe-core/playwright";
import { expect, test, type Locator, type Page } from "@playwright/test";
import { address, editorReady, newcomer, openDraft, own, ownerState, publishDraft } from "./support/world.ts";

test.use({ storageState: ownerState });

const text = `id: timetable
title: Timetable
tasks:
  - id: write
    log: Write about the trains
  - id: check
    log: Check the times
  - id: send
    log: Send it to everyone
`;

const code = (page: Page) => page.getByRole("textbox", { name: "The flow as YAML" });
const node = (page: Page, name: string) => page.locator(".react-flow__node").filter({ hasText: name });
const thread = (page: Page, about: string) => page.getByRole("article", { name: `Comments on ${about}` });
const panel = (page: Page) => page.getByRole("region", { name: "Comments", exact: true });

async function selectLine(page: Page, holding: string): Promise<void> {
  await code(page).locator(".cm-line").filter({ hasText: holding }).first().click();
  await page.keyboard.press("Home");
  await page.keyboard.press("Shift+End");
}

async function send(composer: Locator, button: string, words: string): Promise<void> {
  await composer.getByRole("textbox").fill(words);
  await composer.getByRole("button", { name: button, exact: true }).click();
}

test("two people comment on a draft: a mention reaches the inbox, and pins go where their text goes", async ({
  page,
  browser,
}, info) => {
  test.slow();
  const name = own("Joan Builder", info);
  const joan = await newcomer(page, browser, info, { name, role: "builder" });
  const title = own("Timetable", info);
  await openDraft(page, text.replace("timetable", title.toLowerCase()).replace("Timetable", title));

  await test.step("a comment on words names a colleague", async () => {
    await selectLine(page, "about the trains");
    await page.keyboard.press("ControlOrMeta+Alt+m");
    const field = panel(page).getByRole("textbox", { name: "Comment" });
    await field.pressSequentially("@jo");
    await page.getByRole("option", { name }).click();
    await expect(field).toHaveValue(`@${name} `);
    await field.pressSequentially("which trains?");
    await panel(page).getByRole("button", { name: "Comment", exact: true }).click();
    await expect(thread(page, "log: Write about the trains")).toContainText(`@${name} which trains?`);
    await expect(page.locator(".cm-commented")).toHaveText("log: Write about the trains");
  });

  let link = "";
  await test.step("the notice leads to the comment, and the reply is seen without a reload", async () => {
    await joan.goto(address("/inbox?show=notices"));
    await joan.getByRole("link", { name: `mentioned you in ${title}` }).click();
    await editorReady(joan);
    link = joan.url();
    const there = thread(joan, "log: Write about the trains");
    await expect(there).toHaveAttribute("aria-current", "true");
    await there.getByRole("button", { name: "Reply" }).click();
    await send(there, "Reply", "Those of the north");
    await expect(thread(page, "log: Write about the trains")).toContainText("Those of the north");
  });

  await test.step("the pin stays on its words while others write and the task is moved", async () => {
    await code(joan).locator(".cm-line").first().click();
    await joan.keyboard.press("Home");
    await joan.keyboard.insertText("# Of the spring\n");
    await expect(code(page)).toContainText("Of the spring");
    await expect(page.locator(".cm-commented")).toHaveText("log: Write about the trains");
    await node(joan, "write").getByRole("button").click();
    await joan.getByRole("button", { name: /Move down/ }).click();
    await expect
      .poll(async () => {
        const now = await code(page).innerText();
        return now.indexOf("id: write") > now.indexOf("id: check");
      })
      .toBe(true);
    await expect(page.locator(".cm-commented")).toHaveText("log: Write about the trains");
    await expect(page.locator(".cm-commented")).toHaveCount(1);
  });

  await test.step("a comment on a task shows on the canvas, and follows its new name", async () => {
    await node(joan, "send").getByRole("button").click();
    await joan.keyboard.press("c");
    await send(panel(joan), "Comment", "To whom exactly?");
    await expect(thread(page, "send")).toContainText("To whom exactly?");
    await expect(node(page, "send").getByTitle("A comment")).toBeVisible();
    await code(joan).locator(".cm-line").filter({ hasText: "id: send" }).click();
    await joan.keyboard.press("End");
    await joan.keyboard.type("_all");
    await expect(node(page, "send_all").getByTitle("A comment")).toBeVisible();
    await expect(thread(page, "send_all")).toBeVisible();
  });

  await test.step("nothing that a reader or a keyboard would miss", async () => {
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((one) => one.html).join(" ")}`)).toEqual([]);
  });

  await test.step("what is resolved goes aside for both, and text that is gone is said", async () => {
    await thread(page, "send_all").getByRole("button", { name: "Resolve" }).click();
    await expect(thread(joan, "send_all")).toHaveCount(0);
    await panel(joan)
      .getByRole("button", { name: /Resolved/ })
      .click();
    await expect(thread(joan, "send_all")).toContainText("Resolved by Ada Lovelace");
    await selectLine(page, "about the trains");
    await page.keyboard.insertText("log: Nothing");
    await expect(thread(page, "log: Write about the trains")).toContainText("is gone");
    await expect(thread(page, "log: Write about the trains").locator("blockquote")).toHaveText(
      "log: Write about the trains",
    );
  });

  await test.step("the notice's link leads on when the flow is published under another id", async () => {
    await selectLine(page, `id: ${title.toLowerCase()}`);
    await page.keyboard.insertText(`id: ${title.toLowerCase()}-renamed`);
    await publishDraft(page, "Under another id");
    await joan.goto(link);
    await expect(joan).toHaveURL(/-renamed\/edit\?comment=/);
    await editorReady(joan);
    await expect(thread(joan, "log: Write about the trains")).toHaveAttribute("aria-current", "true");
  });
  await joan.context().close();
});
