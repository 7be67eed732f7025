import { setTimeout as wait } from "node:timers/promises";
import { BatonError, isBlobRef, isObject, type RunId } from "#base/index.ts";
import { startRun } from "#api/index.ts";
import type { RunEvent } from "#flow/machine/index.ts";
import { isRole, setAlias } from "#governance/index.ts";
import { getRun, signalInTransaction } from "#journal/index.ts";
import { publish } from "#library/index.ts";
import { approvalsOfRun, decideApproval, type ApprovalDetails } from "#people/index.ts";
import { readSettings, transaction } from "#platform/index.ts";
import { exitCodes, type ExitCode } from "../exit.ts";
import { problemLine, readFlowFile } from "../read-flow.ts";
import { askAtPrompt, decidedBefore, type Question, taskOf } from "./decisions.ts";
import { gatherInputs, saveInputs } from "./inputs.ts";
import { type Installation, openInstallation } from "./installation.ts";
import { readRunOptions, type RunOptions } from "./options.ts";
import { outputLines, traceLines } from "./trace.ts";

/** Words a second of the simulated model, for somebody who watches. */
const readable = 60;
/** Milliseconds that a cancelled run is given to end. */
const cancelMs = 15_000;

/** Runs a flow in this process, on an embedded database, to its end or until nobody is there to decide. */
export async function runCommand(words: readonly string[]): Promise<ExitCode> {
  const options = readRunOptions(words, process.env);
  const { text, parsed, problems } = readFlowFile(options.file);
  for (const problem of problems) process.stderr.write(`${problemLine(options.file, problem)}\n`);
  if (parsed.flow === null || problems.some((problem) => problem.severity === "error"))
    return exitCodes.failed;
  const { flow } = parsed;
  const given = gatherInputs(flow, options);
  const interactive = !options.json && process.stdin.isTTY && process.stderr.isTTY;
  const installation = await openInstallation({
    settings: readSettings(process.env),
    flow,
    secrets: options.secrets,
    pace: interactive ? readable : 0,
    onNotice: ({ to, title, text: words }) => {
      if (!options.json)
        process.stderr.write(`  notice to ${to}: ${title}${words === title ? "" : `\n${words}`}\n`);
    },
  });
  try {
    const { db, scope } = installation;
    if (options.model !== undefined) await setAlias(db, scope, { alias: "default", ...options.model });
    const { slug } = await publish(db, scope, { text, message: "From the command line", into: "new" });
    const inputs = await saveInputs(db, scope, given);
    const { id } = await startRun(db, scope, { slug, inputs, labels: Object.fromEntries(options.labels) });
    return await new Watch(installation, id, options, interactive).toTheEnd();
  } finally {
    await installation.close();
  }
}

/** Follows one run: shows it, decides what was decided beforehand or at the prompt, and tells how it ended. */
class Watch {
  readonly #installation: Installation;
  readonly #run: RunId;
  readonly #options: RunOptions;
  readonly #interactive: boolean;
  readonly #open = new Map<string, Question>();
  readonly #ending = new AbortController();
  #prompts: Promise<void> = Promise.resolve();
  #problem: unknown = null;
  #outcome: ExitCode | null = null;

  constructor(installation: Installation, run: RunId, options: RunOptions, interactive: boolean) {
    this.#installation = installation;
    this.#run = run;
    this.#options = options;
    this.#interactive = interactive;
  }

  async toTheEnd(): Promise<ExitCode> {
    const interrupt = (): void => void this.#cancel("Interrupted at the terminal.").catch(() => undefined);
    process.on("SIGINT", interrupt);
    process.on("SIGTERM", interrupt);
    try {
      const parked = this.#interactive ? new Promise<never>(() => undefined) : this.#untilNobodyDecides();
      const ended = this.#follow();
      const first = await Promise.race([ended.then(() => "ended" as const), parked]);
      if (first === "waiting") {
        await this.#tellWaiting();
        await this.#cancel("Nobody was there to decide.");
        await Promise.race([ended, wait(cancelMs, undefined, { ref: false })]);
        return exitCodes.waiting;
      }
      if (this.#problem !== null) throw this.#problem;
      return await this.#tellResult();
    } finally {
      this.#ending.abort();
      process.off("SIGINT", interrupt);
      process.off("SIGTERM", interrupt);
    }
  }

  async #follow(): Promise<void> {
    for await (const event of this.#installation.watcher.watchRun(this.#run, 0, this.#ending.signal)) {
      this.#show(event);
      const { body } = event;
      if (body.type === "approval-requested") this.#onQuestion(body);
      if (body.type === "approval-decided" || body.type === "approval-withdrawn")
        this.#open.delete(body.approvalId);
    }
  }

  #show(event: RunEvent): void {
    if (this.#outcome !== null) return;
    if (this.#options.json) process.stdout.write(`${JSON.stringify({ type: "event", ...event })}\n`);
    else for (const line of traceLines(event)) process.stdout.write(`${line}\n`);
  }

  #onQuestion(question: Question): void {
    this.#open.set(question.approvalId, question);
    // One after the other: there is one prompt.
    this.#prompts = this.#prompts.then(async () => {
      try {
        await this.#settle(question);
      } catch (error) {
        if (this.#ending.signal.aborted || !this.#open.has(question.approvalId)) return;
        this.#problem ??= error;
        await this.#cancel("It could not be decided.");
      }
    });
  }

  async #settle(question: Question): Promise<void> {
    let verdict = decidedBefore(question, this.#options);
    while (this.#open.has(question.approvalId)) {
      if (verdict === null && !this.#interactive) return;
      verdict ??= await askAtPrompt(await this.#whole(question), this.#ending.signal);
      try {
        await this.#decide(question, verdict);
        return;
      } catch (error) {
        if (!this.#interactive || !BatonError.isInstance(error) || error.code !== "bad-input") throw error;
        process.stderr.write(`${error.message}\n`);
        verdict = null;
      }
    }
  }

  /** The question with all that its event only refers to: who decides is shown what they decide on. */
  async #whole(question: Question): Promise<Question> {
    const { ask } = question;
    if (!isBlobRef(ask.details) && !isBlobRef(ask.call?.args)) return question;
    const row = await this.#row(question.approvalId);
    if (row === undefined) return question;
    const call = ask.call === null ? null : { ...ask.call, args: row.call?.args ?? null };
    return { ...question, ask: { ...ask, details: row.details, call } };
  }

  /** The question as it was put before people. The event comes first: the engine opens the row right after. */
  async #row(approvalId: string): Promise<ApprovalDetails | undefined> {
    const { db, scope } = this.#installation;
    for (let attempt = 0; attempt < 400; attempt += 1) {
      const found = (await approvalsOfRun(db, scope, this.#run)).find((row) => row.id === approvalId);
      if (found) return found;
      await wait(25);
    }
    return undefined;
  }

  async #decide(
    { approvalId, ask }: Question,
    verdict: NonNullable<ReturnType<typeof decidedBefore>>,
  ): Promise<void> {
    const { db, scope } = this.#installation;
    await this.#row(approvalId);
    await decideApproval(db, scope, { id: approvalId, hash: ask.hash, ...verdict });
  }

  /** Resolves when the run is parked and waits for a decision that nobody here will make. */
  async #untilNobodyDecides(): Promise<"waiting"> {
    for (;;) {
      await wait(100, undefined, { ref: false });
      const waiting = [...this.#open.values()];
      if (waiting.length === 0 || this.#problem !== null) continue;
      if (waiting.some((question) => decidedBefore(question, this.#options) !== null)) continue;
      const { state } = await getRun(this.#installation.db, this.#installation.scope, this.#run);
      if (state === "waiting") return "waiting";
    }
  }

  async #cancel(reason: string): Promise<void> {
    const { db, scope } = this.#installation;
    const { actor } = scope;
    await transaction(db, (tx) =>
      signalInTransaction(tx, this.#run, "cancel", {
        kind: "cancel",
        by: { kind: actor.kind, id: actor.id, name: actor.name },
        reason,
      }),
    );
  }

  async #tellWaiting(): Promise<void> {
    this.#outcome = exitCodes.waiting;
    const questions = [...this.#open.values()].map(({ path, approvalId, ask }) => ({
      task: taskOf(path),
      path,
      approvalId,
      title: ask.title,
      by: ask.by,
      decisions: ask.decisions.map((one) => one.decision),
      details: ask.details,
      call: ask.call,
    }));
    if (this.#options.json) {
      process.stdout.write(`${JSON.stringify({ type: "waiting", run: this.#run, approvals: questions })}\n`);
      return;
    }
    process.stdout.write("\nThe run waits for a person, and nobody is at the terminal to decide:\n");
    for (const { task, title, by, details, call } of questions) {
      const roles = by.roles.filter(isRole);
      const whom = [...roles.map((role) => `an ${role}`.replace(/^an (?=[^aeiou])/, "a ")), ...by.users].join(
        " or ",
      );
      process.stdout.write(`  ${task}: ${title}  (for ${whom === "" ? "an approver" : whom})\n`);
      if (call !== null) process.stdout.write(`    ${call.tool} ${JSON.stringify(call.args)}\n`);
      if (isObject(details)) for (const line of outputLines(details)) process.stdout.write(`  ${line}\n`);
    }
    const [first] = questions;
    process.stdout.write(
      `Decide beforehand, for example: --approve ${first?.task ?? "TASK"}=${first?.decisions[0] ?? "approve"}\n`,
    );
    await Promise.resolve();
  }

  async #tellResult(): Promise<ExitCode> {
    const run = await this.#finished();
    const { state, outputs, error, cost, unknownCosts, tokens, simulated } = run;
    if (this.#options.json) {
      const result = {
        type: "result",
        run: this.#run,
        state,
        outputs,
        error,
        cost,
        unknownCosts,
        tokens,
        simulated,
      };
      process.stdout.write(`${JSON.stringify(result)}\n`);
    } else {
      const message = isObject(error) && typeof error["message"] === "string" ? `: ${error["message"]}` : "";
      process.stdout.write(`\nThe run ${state === "cancelled" ? "was cancelled" : state}${message}\n`);
      for (const line of outputLines(outputs)) process.stdout.write(`${line}\n`);
    }
    if (state === "succeeded") return exitCodes.ok;
    return state === "cancelled" ? exitCodes.cancelled : exitCodes.failed;
  }

  /** The run's row follows its last event. */
  async #finished(): Promise<Awaited<ReturnType<typeof getRun>>> {
    const { db, scope } = this.#installation;
    for (let attempt = 0; ; attempt += 1) {
      const run = await getRun(db, scope, this.#run);
      if (run.finishedAt !== null || attempt > 200) return run;
      await wait(25);
    }
  }
}
