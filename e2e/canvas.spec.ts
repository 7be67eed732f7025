import { expect, test, type Locator, type Page } from "@playwright/test";
import { editorReady, newcomer, openDraft, ownerState, textOfDraft } from "./support/world.ts";

test.use({ storageState: ownerState });

const text = `id: parcels
title: Parcels
tasks:
  # What came in
  - id: fetch
    log: fetched
  - id: sort
    parallel:
      - id: left
        log: left
      - id: right
        log: right
  - id: graph
    dag:
      - id: weigh
        log: weighed
      - id: pack
        needs: weigh
        log: packed
      - id: send
        log: sent
  - id: note
    log: done
`;

const code = (page: Page) => page.getByRole("textbox", { name: "The flow as YAML" });
const node = (page: Page, id: string) => page.locator(`.react-flow__node[data-id="${id}"]`);
const form = (page: Page) => page.getByRole("region", { name: "Selected task" });
const ids = async (page: Page): Promise<string> =>
  [...(await textOfDraft(page)).matchAll(/id: (\w+)/g)].map(([, id]) => id).join(" ");

async function middleOf(what: Locator, down = 0.5): Promise<{ x: number; y: number }> {
  const box = await what.boundingBox();
  if (box === null) throw new Error("It is not in sight.");
  return { x: box.x + Math.min(30, box.width / 2), y: box.y + box.height * down };
}

/** Drags something to a point, and lets go once the canvas says where it would be put. */
async function drag(page: Page, what: Locator, to: { x: number; y: number }, words: string): Promise<void> {
  const from = await middleOf(what);
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x + 10, from.y + 10, { steps: 3 });
  await page.mouse.move(to.x, to.y, { steps: 6 });
  await expect(page.getByText(words, { exact: true })).toBeVisible();
  await page.mouse.up();
}

async function choose(page: Page, id: string): Promise<void> {
  const button = node(page, id).getByRole("button").first();
  await button.click();
  await expect(button).toHaveAttribute("aria-pressed", "true");
}

test("two people build one flow on the canvas, and see what the other one does", async ({
  page,
  browser,
}, info) => {
  test.slow();
  const lin = await newcomer(page, browser, info, { name: "Lin Builder", role: "builder" });
  await openDraft(page, text);
  await lin.goto(page.url());
  await editorReady(lin);
  await expect(node(page, "note")).toBeVisible();
  await expect(node(lin, "note")).toBeVisible();

  await test.step("a task is dragged into a container, another one comes from the palette, both are one step to undo", async () => {
    await drag(
      page,
      node(page, "note").getByRole("button"),
      await middleOf(node(page, "sort/right")),
      "before right",
    );
    await expect.poll(() => ids(lin)).toBe("parcels fetch sort left note right graph weigh pack send");
    await expect(code(lin)).toContainText("# What came in");
    await expect(node(lin, "sort/note")).toBeVisible();
    await drag(
      page,
      page.getByRole("button", { name: "Add wait" }),
      await middleOf(node(page, "fetch"), 0.1),
      "before fetch",
    );
    await expect.poll(() => ids(lin)).toBe("parcels wait fetch sort left note right graph weigh pack send");
    await page.getByRole("button", { name: "Undo what I did" }).click();
    await page.getByRole("button", { name: "Undo what I did" }).click();
    await expect.poll(() => ids(lin)).toBe("parcels fetch sort left right graph weigh pack send note");
    await expect(node(lin, "note")).toBeVisible();
  });

  await test.step("by keyboard a task goes to any place, and it is said where", async () => {
    await choose(page, "note");
    await page.keyboard.press("m");
    const places = page.getByRole("group", { name: "Where to put note" });
    await expect(places.getByRole("button", { name: "Put it before fetch" })).toBeVisible();
    await places.getByRole("button", { name: "Put it before fetch" }).focus();
    await page.keyboard.press("ArrowDown");
    await expect(places.getByRole("button", { name: "Put it before sort" })).toBeFocused();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("status", { name: "What was done" })).toHaveText("Moved note before sort");
    await expect.poll(() => ids(lin)).toBe("parcels fetch note sort left right graph weigh pack send");
    await expect(node(page, "note").getByRole("button")).toBeFocused();
  });

  await test.step("edges of a dag are drawn and taken away; one that closes a circle is refused", async () => {
    const draw = async (from: string, to: string): Promise<void> => {
      await node(page, from).hover();
      await page.mouse.move(...at(await middleOfEnd(page, from, "bottom")));
      await page.mouse.down();
      await page.mouse.move(...at(await middleOfEnd(page, to, "top")), { steps: 8 });
      await page.mouse.up();
    };
    await draw("graph/pack", "graph/send");
    await expect(code(lin)).toContainText("needs: pack");
    // Both see it as the worker arranged it.
    for (const one of [page, lin]) await expect(one.locator(".is-need.is-arranged")).toHaveCount(2);
    await draw("graph/send", "graph/weigh");
    await expect(page.getByText("they would wait for each other")).toBeVisible();
    const edge = page.getByRole("button", { name: "Remove the edge: send needs pack" });
    await edge.focus();
    await page.keyboard.press("Enter");
    await expect(code(lin)).not.toContainText("needs: pack");
    await expect(code(lin)).toContainText("needs: weigh");
  });

  await test.step("one sees who is where, and what they are editing", async () => {
    await choose(lin, "sort/left");
    await expect(node(page, "sort/left")).toContainText("Lin");
    await lin.mouse.move(...at(await middleOf(node(lin, "fetch"))));
    await expect(page.locator(".canvas-pointer")).toContainText("Lin");
    await form(lin).getByLabel("log").fill("to the left");
    await choose(page, "sort/left");
    await expect(form(page).getByText("Lin Builder is editing this")).toBeVisible();
    await expect(form(page).getByLabel("log")).not.toBeEditable();
    await form(page).getByRole("button", { name: "Take over" }).click();
    await expect(form(page).getByLabel("log")).toBeEditable();
    await expect(form(lin).getByText('you had typed "to the left"')).toBeVisible();
    await form(page).getByLabel("log").fill("leftwards");
    await form(page).getByLabel("log").press("Enter");
    await expect(code(lin)).toContainText("log: leftwards");
  });

  await test.step("two who change one value while one of them is offline are both told, and see the same", async () => {
    await page.context().setOffline(true);
    for (const [one, words] of [
      [page, "Ada's words"],
      [lin, "what Lin says"],
    ] as const) {
      await choose(one, "fetch");
      const field = form(one).getByLabel("log");
      await field.fill(words);
      await field.press("Enter");
      await expect(code(one)).toContainText(words);
    }
    await expect(code(page)).not.toContainText("what Lin says");
    await page.context().setOffline(false);
    for (const [one, other] of [
      [page, "Lin Builder"],
      [lin, "Ada Lovelace"],
    ] as const) {
      const notice = one.getByRole("alert").filter({ hasText: "at the same time" });
      await expect(notice).toContainText(`${other} and you changed log of fetch`);
      await notice.getByRole("button", { name: "It is right" }).click();
      await expect(notice).toHaveCount(0);
    }
    await expect(async () => expect(await code(page).innerText()).toBe(await code(lin).innerText())).toPass({
      timeout: 45_000,
    });
    const drawn = (one: Page): Promise<string[]> =>
      one
        .locator(".react-flow__node")
        .evaluateAll((all) => all.map((each) => each.getAttribute("data-id") ?? ""));
    expect((await drawn(page)).toSorted()).toEqual((await drawn(lin)).toSorted());
  });
  await lin.context().close();
});

function at({ x, y }: { x: number; y: number }): [number, number] {
  return [x, y];
}

async function middleOfEnd(page: Page, id: string, end: "top" | "bottom"): Promise<{ x: number; y: number }> {
  const box = await node(page, id).locator(`.react-flow__handle-${end}`).boundingBox();
  if (box === null) throw new Error("It is not in sight.");
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}
