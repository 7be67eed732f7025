import { join } from "node:path";
import { devices, type Browser, type BrowserContext, type Page } from "@playwright/test";
import { address, editorReady } from "./world.ts";

/** Where the pictures go; not in git. */
export const folder = join(import.meta.dirname, "../../screens");

const sizes = {
  "1440": { viewport: { width: 1440, height: 900 } },
  "390": { ...devices["Pixel 7"], viewport: { width: 390, height: 844 }, deviceScaleFactor: 1 },
} as const;
type Width = keyof typeof sizes;

/** Only pictures whose names contain one of these words are taken; "all" takes all. */
const wanted = (process.env["BATON_SCREENS"] ?? "all").split(",");

/** Pictures that did not come about, with why: the series goes on without them and says so at its end. */
export const missing: string[] = [];

/** A laptop and a phone that take the same pictures, each in light and dark. */
export class Studio {
  readonly #contexts: ReadonlyMap<Width, BrowserContext>;

  private constructor(contexts: ReadonlyMap<Width, BrowserContext>) {
    this.#contexts = contexts;
  }

  /** `session`: a storage state to be signed in with. */
  static async open(browser: Browser, session?: string): Promise<Studio> {
    const contexts = new Map<Width, BrowserContext>();
    for (const width of ["1440", "390"] as const) {
      contexts.set(
        width,
        await browser.newContext({
          ...sizes[width],
          ...(session === undefined ? {} : { storageState: session }),
          reducedMotion: "reduce",
          colorScheme: "light",
        }),
      );
    }
    return new Studio(contexts);
  }

  /** `show` brings a fresh page to what the picture is about and waits until it is there. */
  async shoot(name: string, show: (page: Page, isPhone: boolean) => Promise<unknown>): Promise<void> {
    if (!wanted.some((word) => word === "all" || name.includes(word))) return;
    for (const [width, context] of this.#contexts) {
      // A second look where the machine was busy with something else.
      for (const isLast of [false, true]) {
        const page = await context.newPage();
        // What does not come should say so soon, not when the whole series runs out of time.
        page.setDefaultTimeout(60_000);
        try {
          await show(page, width === "390");
          for (const colorScheme of ["light", "dark"] as const) {
            await page.emulateMedia({ colorScheme });
            await picture(page, join(folder, `${name}-${width}-${colorScheme}.png`));
          }
          break;
        } catch (error) {
          if (isLast)
            missing.push(`${name} at ${width}: ${error instanceof Error ? error.message : String(error)}`);
        } finally {
          // Answers that are still on their way are nobody's any more.
          await page.unrouteAll({ behavior: "ignoreErrors" });
          await page.close();
        }
      }
    }
  }

  async close(): Promise<void> {
    for (const context of this.#contexts.values()) await context.close();
  }
}

/** One picture, once the typefaces are there. */
export async function picture(page: Page, path: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready.then(() => null));
  await page.screenshot({ path, animations: "disabled", caret: "hide" });
}

/** Waits until the page's heading is there and no list is still loading. */
export async function loaded(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.waitForFunction(() => document.querySelector(".skeleton") === null);
}

/** Holds back all answers of the API, as a slow line would. */
export async function holdAnswers(page: Page): Promise<void> {
  await page.route(/\/api\/trpc\//, () => new Promise<void>(() => {}));
}

/** Changes what one procedure answers, to show what is hard to bring about. */
export async function changeAnswer(
  page: Page,
  procedure: string,
  change: (answer: Record<string, unknown>) => Record<string, unknown>,
): Promise<void> {
  await page.route(/\/api\/trpc\/.*batch=1/, async (route) => {
    const names = new URL(route.request().url()).pathname.split("/").at(-1)?.split(",") ?? [];
    const response = await route.fetch();
    const answers = (await response.json()) as { result?: { data: { json: Record<string, unknown> } } }[];
    answers.forEach((answer, index) => {
      if (names[index] === procedure && answer.result !== undefined)
        answer.result.data.json = change(answer.result.data.json);
    });
    await route.fulfill({ response, json: answers });
  });
}

/** Lets one procedure fail as the server would say it; the others answer. */
export async function failProcedure(page: Page, procedure: string): Promise<void> {
  const error = {
    json: {
      message: "The database did not answer within 5 seconds.",
      code: -32603,
      data: {
        code: "INTERNAL_SERVER_ERROR",
        httpStatus: 500,
        baton: {
          code: "internal",
          message: "The database did not answer within 5 seconds.",
          hint: "Runs go on and nothing is lost. Try again; if it stays so, look at /readyz.",
          details: null,
        },
      },
    },
  };
  await page.route(/\/api\/trpc\/.*batch=1/, async (route) => {
    const names = new URL(route.request().url()).pathname.split("/").at(-1)?.split(",") ?? [];
    const response = await route.fetch();
    const answers = (await response.json()) as unknown[];
    await route.fulfill({
      status: 207,
      json: answers.map((answer, index) => (names[index] === procedure ? { error } : answer)),
    });
  });
}

/** The editor with its draft saved. */
export async function editor(page: Page, path: string): Promise<void> {
  // What one looked at last is remembered; each picture begins anew.
  await page.addInitScript(() => localStorage.removeItem("editor-view"));
  await page.goto(address(path));
  await editorReady(page);
}
