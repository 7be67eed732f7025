import { parseArgs, type ParseArgsConfig } from "node:util";
import { BatonError, messageOf } from "#base/index.ts";

/** Reads a command line; throws "bad-input" with what is wrong with it. */
export function readArguments<Options extends NonNullable<ParseArgsConfig["options"]>>(
  words: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
  } catch (cause) {
    throw new BatonError("bad-input", messageOf(cause), { hint: "See baton help.", cause });
  }
}

/** `NAME=VALUE` as a pair; throws "bad-input" when there is no name, or no "=" and no fallback. */
export function pairOf(option: string, word: string, fallback?: string): readonly [string, string] {
  const at = word.indexOf("=");
  const name = at < 0 ? word : word.slice(0, at);
  const value = at < 0 ? fallback : word.slice(at + 1);
  if (name === "" || value === undefined) {
    throw new BatonError("bad-input", `--${option} takes NAME=VALUE, not "${word}".`, {
      hint: "See baton help.",
    });
  }
  return [name, value];
}
