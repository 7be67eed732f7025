import AxeBuilder from "@axe-core/playwright";
import { expect, test, type Page } from "@playwright/test";
import { address, own, ownerState, publish } from "./support/world.ts";

test.use({ storageState: ownerState });

const hooked = (id: string) => `id: ${id}
title: Hooked
inputs: { ticket: { type: string, default: none } }
tasks:
  - { id: note, log: "{{ inputs.ticket }}" }
outputs: { ticket: "{{ inputs.ticket }}" }
triggers:
  - { id: hook, webhook: {}, when: "body.order > 0", with: { ticket: "Order {{ body.order }}" } }
  - { id: tick, schedule: "*/2 * * * * *", timezone: Europe/Paris, with: { ticket: "{{ trigger.at }}" } }
`;
const after = (id: string, hookedId: string) => `id: ${id}
title: ${id}
inputs: { ticket: string }
tasks:
  - { id: note, log: "{{ inputs.ticket }}" }
triggers:
  - { id: follow, flow: ${hookedId}, when: "outputs.ticket == 'Order 7'", with: { ticket: "{{ outputs.ticket }}" } }
`;

async function accessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])
    .analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ target }) => target)])).toEqual([]);
}

test("a flow starts by its schedule, by a call, and after another flow", async ({ page, request }, info) => {
  test.slow();
  const id = own("hooked", info);
  const follower = own("after-hooked", info);
  const triggers = address(`/flows/${id}?tab=triggers`);
  // What fades in would be judged by colours that nobody gets to see.
  await page.emulateMedia({ reducedMotion: "reduce" });
  await publish(page, hooked(id));
  await publish(page, after(follower, id));

  const schedule = page.locator("#tick");
  await test.step("the schedule fires, and pausing stops it", async () => {
    await page.goto(triggers);
    await expect(schedule.getByText("Started").first()).toBeVisible();
    await schedule.getByRole("button", { name: "Pause" }).click();
    await expect(schedule.getByText("Paused by Ada Lovelace")).toBeVisible();
    await schedule
      .getByRole("link", { name: /Run \d+/ })
      .first()
      .click();
    await expect(page.getByText("started by Schedule tick")).toBeVisible();
  });

  await test.step("the console shows what a sample call maps to, and sends it", async () => {
    await page.goto(triggers);
    const hook = page.locator("#hook");
    await hook.getByLabel("Body").fill('{ "order": 0 }');
    await hook.getByRole("button", { name: "Show what it maps to" }).click();
    await expect(hook.getByText("such a call starts nothing")).toBeVisible();
    await hook.getByLabel("Body").fill('{ "order": 7 }');
    await hook.getByRole("button", { name: "Show what it maps to" }).click();
    await expect(hook.getByText('"ticket": "Order 7"')).toBeVisible();
    await expect(hook.getByText(/baton-signature: t=\d+,v1=/)).toBeVisible();
    await hook.getByRole("button", { name: "Send and start a run" }).click();
    await expect(hook.getByText("Answered 202")).toBeVisible();
    await accessible(page);
    await hook.getByText("Answered 202").locator("..").getByRole("link").click();
    await expect(page.getByText("started by Webhook hook")).toBeVisible();
    await expect(page.getByText("Succeeded").first()).toBeVisible();
  });

  await test.step("the line for a shell works from outside, and a stranger is refused", async () => {
    await page.goto(triggers);
    const hook = page.locator("#hook");
    await hook.getByLabel("Body").fill('{"order":8}');
    await hook.getByRole("button", { name: "Show what it maps to" }).click();
    const line = await hook.getByText(/^curl -X POST/).innerText();
    const url = /'(http[^']+)'/.exec(line)?.[1] ?? "";
    const signature = /baton-signature: ([^']+)'/.exec(line)?.[1] ?? "";
    const headers = { "content-type": "application/json", "baton-signature": signature };
    const first = await request.post(url, { data: '{"order":8}', headers });
    expect([first.status(), ((await first.json()) as { outcome: string }).outcome]).toEqual([202, "started"]);
    const again = await request.post(url, { data: '{"order":8}', headers });
    expect([again.status(), ((await again.json()) as { outcome: string }).outcome]).toEqual([
      200,
      "duplicate",
    ]);
    expect((await request.post(url, { data: '{"order":9}', headers })).status()).toBe(401);
    expect((await request.post(address("/hooks/nowhere"), { data: "{}", headers })).status()).toBe(401);
    await expect(hook.getByText("Came again", { exact: true })).toBeVisible();
  });

  await test.step("the other flow followed the one run that its condition asks for", async () => {
    await page.goto(address("/triggers"));
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Triggers");
    await accessible(page);
    await page.getByRole("link", { name: new RegExp(follower) }).click();
    const follow = page.locator("#follow");
    await expect(follow.getByText("Started", { exact: true })).toHaveCount(1);
    await follow.getByRole("link", { name: "Run 1" }).click();
    await expect(page.getByText("started by Flow trigger follow")).toBeVisible();
  });
});
