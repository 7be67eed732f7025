import { BatonError } from "#base/index.ts";
import { pairOf, readArguments } from "../arguments.ts";

/** What `baton run` was asked to do. */
export type RunOptions = {
  readonly file: string;
  readonly inputs: ReadonlyMap<string, string>;
  /** Paths by input. */
  readonly files: ReadonlyMap<string, string>;
  /** Of the run, over those of the flow. */
  readonly labels: ReadonlyMap<string, string>;
  readonly sample: string | undefined;
  /** Decisions by task id; "all" for every task. */
  readonly approve: ReadonlyMap<string, string>;
  /** JSON text by task id. */
  readonly answers: ReadonlyMap<string, string>;
  readonly comment: string;
  readonly secrets: ReadonlyMap<string, string>;
  readonly model: { readonly provider: string; readonly model: string } | undefined;
  readonly json: boolean;
};

export function readRunOptions(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): RunOptions {
  const { values, positionals } = readArguments(words, {
    input: { type: "string", short: "i", multiple: true },
    "input-file": { type: "string", short: "f", multiple: true },
    label: { type: "string", short: "l", multiple: true },
    sample: { type: "string" },
    approve: { type: "string", multiple: true },
    answer: { type: "string", multiple: true },
    comment: { type: "string" },
    secret: { type: "string", multiple: true },
    model: { type: "string" },
    json: { type: "boolean" },
  });
  const [file, ...rest] = positionals;
  if (file === undefined || rest.length > 0) {
    throw new BatonError("bad-input", "baton run takes the file of one flow.", { hint: "See baton help." });
  }
  const secrets = new Map<string, string>();
  for (const name of values.secret ?? []) {
    const value = environment[name];
    if (value === undefined || value === "") {
      throw new BatonError("bad-input", `The environment has no variable ${name} for --secret.`, {
        hint: `Set it, for example: ${name}=... baton run ...`,
      });
    }
    secrets.set(name, value);
  }
  const [provider, ...model] = values.model?.split("/") ?? [];
  if (values.model !== undefined && (provider === undefined || model.length === 0)) {
    throw new BatonError("bad-input", `--model takes PROVIDER/MODEL, not "${values.model}".`, {
      hint: "For example: --model anthropic/NAME-OF-MODEL",
    });
  }
  return {
    file,
    inputs: new Map((values.input ?? []).map((word) => pairOf("input", word))),
    files: new Map((values["input-file"] ?? []).map((word) => pairOf("input-file", word))),
    labels: new Map((values.label ?? []).map((word) => pairOf("label", word))),
    sample: values.sample,
    approve: new Map((values.approve ?? []).map((word) => pairOf("approve", word, "approve"))),
    answers: new Map((values.answer ?? []).map((word) => pairOf("answer", word))),
    comment: values.comment ?? "",
    secrets,
    model: provider === undefined ? undefined : { provider, model: model.join("/") },
    json: values.json ?? false,
  };
}
