import { expect, test, type Page } from "@playwright/test";
import {
  address,
  editorReady,
  newcomer,
  openDraft,
  own,
  ownerState,
  publishDraft,
  textOfDraft,
} from "./support/world.ts";

test.use({ storageState: ownerState });

const text = `id: newsletter
title: Newsletter
inputs: { topic: { type: string, default: Trains } }
agents:
  writer: { instructions: Write briefly. }
tasks:
  # The first draft
  - id: write
    agent: writer
    prompt: Write about {{ inputs.topic }}
  - id: gate
    approval: Send it?
    by: { roles: [approver] }
  - id: note
    log: "{{ tasks.write.output }}"
`;

const code = (page: Page) => page.getByRole("textbox", { name: "The flow as YAML" });
const node = (page: Page, name: string) => page.locator(".react-flow__node").filter({ hasText: name });
const saved = (page: Page) => expect(page.getByRole("status", { name: "Saving" })).toHaveText("Saved");

/** Puts the cursor at the end of the line that holds a text. */
async function goToLine(page: Page, holding: string): Promise<void> {
  await code(page).locator(".cm-line").filter({ hasText: holding }).first().click();
  await page.keyboard.press("End");
}

/** Waits until both see the same. */
async function sameText(one: Page, other: Page): Promise<void> {
  await expect(async () => expect(await textOfDraft(one)).toBe(await textOfDraft(other))).toPass({
    timeout: 45_000,
  });
}

/** Chooses a task on the canvas. */
async function choose(page: Page, name: string): Promise<void> {
  const button = node(page, name).getByRole("button");
  await button.click();
  await expect(button).toHaveAttribute("aria-pressed", "true");
}

/** Types the beginning of a word and takes what is offered for it. */
async function complete(page: Page, typed: string, offered: string): Promise<void> {
  await page.keyboard.type(typed);
  // By the mouse: right after the list opens, the editor takes Enter for a new line.
  await page
    .getByRole("option")
    .filter({ has: page.getByText(offered, { exact: true }) })
    .click();
  await expect(page.getByRole("listbox", { name: "Completions" })).toHaveCount(0);
}

test("two people write one draft, a viewer reads along, and exactly what was reviewed is published", async ({
  page,
  browser,
}, info) => {
  test.slow();
  const lin = await newcomer(page, browser, info, { name: "Lin Builder", role: "builder" });
  const vic = await newcomer(page, browser, info, { name: "Vic Viewer", role: "viewer" });
  const id = own("newsletter", info);
  await openDraft(page, text.replace("id: newsletter", `id: ${id}`));
  const url = page.url();
  await lin.goto(url);
  await editorReady(lin);
  await vic.goto(url);
  await editorReady(vic);

  await test.step("both type at once, both see the same, with names at the cursors", async () => {
    await goToLine(page, "Write briefly");
    await goToLine(lin, "Send it?");
    await Promise.all([
      page.keyboard.type(" # Ada was here"),
      lin.keyboard.type(" # and so was Lin", { delay: 5 }),
    ]);
    for (const one of [page, lin, vic]) {
      await expect(code(one)).toContainText("Ada was here");
      await expect(code(one)).toContainText("and so was Lin");
    }
    await sameText(page, lin);
    await expect(page.locator(".cm-ySelectionInfo").filter({ hasText: "Lin Builder" })).toBeVisible();
    await expect(lin.locator(".cm-ySelectionInfo").filter({ hasText: "Ada Lovelace" })).toBeVisible();
    await expect(page.getByRole("list", { name: "Who is here" }).getByRole("listitem")).toHaveCount(3);
    await saved(page);
    await saved(lin);
  });

  await test.step("undo takes back one's own words alone", async () => {
    await code(page).click();
    for (let n = 0; n < 20 && (await textOfDraft(page)).includes("Ada was"); n += 1) {
      await page.keyboard.press("ControlOrMeta+z");
    }
    for (const one of [page, lin, vic]) {
      await expect(code(one)).not.toContainText("Ada was here");
      await expect(code(one)).toContainText("and so was Lin");
    }
  });

  await test.step("a viewer sees the live text and changes nothing", async () => {
    await expect(vic.getByText("Read only")).toBeVisible();
    const before = await textOfDraft(vic);
    await code(vic).click();
    await vic.keyboard.type("intruder");
    expect(await textOfDraft(vic)).toBe(before);
    await expect(vic.getByRole("button", { name: "Publish", exact: true })).toHaveCount(0);
    await expect(code(page)).not.toContainText("intruder");
  });

  await test.step("what is done on the canvas is a small change of the text for everybody", async () => {
    const order = async (): Promise<string> =>
      ((await textOfDraft(lin)).match(/(?<=- id: )\w+/g) ?? []).join(" ");
    await choose(page, "note");
    await page.getByRole("button", { name: /Move up/ }).click();
    await expect.poll(order, { timeout: 45_000 }).toBe("write note gate");
    await expect(code(lin)).toContainText("# The first draft");
    await page.getByRole("button", { name: "Undo what I did" }).click();
    await expect.poll(order, { timeout: 45_000 }).toBe("write gate note");
    const form = page.getByRole("region", { name: "Selected task" });
    await choose(page, "write");
    await form.getByLabel("id").fill("compose");
    await form.getByLabel("id").press("Enter");
    await expect(code(lin)).toContainText("{{ tasks.compose.output }}");
    await expect(node(lin, "compose")).toBeVisible();
  });

  await test.step("somebody writes offline for a while, and it arrives when they are back", async () => {
    await lin.context().setOffline(true);
    await goToLine(lin, "title: Newsletter");
    await lin.keyboard.type(" of the week");
    await goToLine(page, "Write briefly");
    await page.keyboard.type(" # meanwhile");
    await expect(lin.getByRole("status", { name: "Saving" })).not.toHaveText("Saved");
    await expect(code(page)).not.toContainText("of the week");
    await lin.context().setOffline(false);
    await expect(code(page)).toContainText("of the week");
    await expect(code(lin)).toContainText("# meanwhile");
    await saved(lin);
    await sameText(page, lin);
  });

  await test.step("publishing shows what changes; what changes meanwhile is not published unseen", async () => {
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Publish revision 1" });
    await expect(dialog.getByText("title: Newsletter of the week").last()).toBeVisible();
    await goToLine(lin, "log:");
    await lin.keyboard.type(" # late");
    await expect(dialog.getByText("has changed since you opened this")).toBeVisible();
    await expect(dialog.getByRole("button", { name: "Publish revision 1" })).toBeDisabled();
    await expect(code(page)).toContainText("# late");
    await saved(lin);
    await dialog.getByRole("button", { name: "Show the newest" }).click();
    await dialog.getByLabel("What changed").fill("First issue");
    const reviewed = await textOfDraft(page);
    await dialog.getByRole("button", { name: "Publish revision 1" }).click();
    await page.waitForURL(address(`/flows/${id}`));
    await expect(code(page)).toContainText("# late");
    expect((await textOfDraft(page)).trimEnd()).toBe(reviewed.trimEnd());
  });

  await test.step("a weaker approval is marked, and an older revision comes back as an edit", async () => {
    await lin.reload();
    await editorReady(lin);
    await choose(lin, "gate");
    await lin.keyboard.press("Delete");
    await expect(code(lin)).not.toContainText("Send it?");
    await lin.getByRole("button", { name: "Publish", exact: true }).click();
    await expect(lin.getByRole("region", { name: "What is guarded less" })).toContainText(
      "Nobody is asked at gate",
    );
    await lin.getByRole("button", { name: "Not yet" }).click();
    await lin.getByRole("button", { name: "Revisions" }).click();
    await lin.getByRole("button", { name: "Bring revision 1 back into the draft" }).click();
    await expect(code(lin)).toContainText("Send it?");
    await expect(lin.getByText("As revision 1")).toBeVisible();
  });
  await lin.context().close();
  await vic.context().close();
});

test("completion knows the language and the flow, a quick fix puts a slip right, and broken text keeps the graph", async ({
  page,
}, info) => {
  await openDraft(
    page,
    text
      .replace("id: newsletter", `id: ${own("letters", info)}`)
      .replace("{{ inputs.topic }}", "{{ inputs.topik }}"),
  );
  const problems = page.getByRole("list", { name: "Problems" });
  await problems.getByRole("button", { name: /topic/ }).last().click();
  await expect(page.getByText("No problems")).toBeVisible();
  await goToLine(page, "id: note");
  await page.keyboard.press("Enter");
  await complete(page, "whe", "when");
  await complete(page, "tasks.wr", "write");
  await page.keyboard.type(".output != ''");
  await page.keyboard.press("Escape");
  await expect.poll(() => textOfDraft(page)).toContain("    when: tasks.write.output != ''\n");
  await expect(page.getByText("No problems")).toBeVisible();
  await goToLine(page, "id: letters");
  await page.keyboard.type(": [");
  await expect(page.getByText("this is what it was before")).toBeVisible();
  await expect(node(page, "write")).toBeVisible();
  await page.getByRole("button", { name: "Undo what I did" }).click();
  await expect(page.getByText("this is what it was before")).toHaveCount(0);
});

test("a flow is put together by keyboard on the canvas and published", async ({ page }) => {
  await page.goto(address("/flows/new"));
  await page.getByRole("button", { name: /Empty flow/ }).click();
  await page.waitForURL(/\/edit$/);
  await editorReady(page);
  const write = node(page, "write").getByRole("button");
  await write.focus();
  await page.keyboard.press("Enter");
  await expect(write).toHaveAttribute("aria-pressed", "true");
  await page.keyboard.press("a");
  await expect(page.getByRole("combobox", { name: "Kind of task" })).toBeFocused();
  await page.keyboard.type("same time");
  await expect(page.getByRole("option")).toHaveCount(1);
  await page.keyboard.press("Enter");
  await expect(code(page)).toContainText("parallel:");
  await expect(node(page, "step")).toHaveCount(2);
  await page.getByRole("button", { name: /Duplicate/ }).click();
  await expect(code(page)).toContainText("side_by_side_2");
  await expect(page.getByText("No problems")).toBeVisible();
  await publishDraft(page, "By hand");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("My flow");
});
