import type { Tool } from "../spec.ts";
import { objectArguments, textOf } from "./arguments.ts";

export const notify: Tool = {
  name: "notify",
  title: "Notify",
  description:
    "Tells members of the workspace something, inside Baton. Use it to inform people; nobody is asked to decide.",
  risk: "low",
  inputSchema: {
    type: "object",
    properties: {
      to: {
        type: "string",
        minLength: 1,
        maxLength: 200,
        title: "To",
        examples: ["admin", "approver"],
        description: "Whom: a role (such as admin or approver), or a member's e-mail address.",
      },
      title: {
        type: "string",
        maxLength: 200,
        title: "Title",
        description: "A few words. Left out: the start of the text.",
      },
      text: { type: "string", minLength: 1, maxLength: 10_000, title: "Text" },
    },
    required: ["to", "text"],
    additionalProperties: false,
  },
  outputSchema: {
    type: "object",
    properties: {
      sent: { type: "boolean", description: "Whether anybody was told." },
      to: { type: "string" },
      notified: { type: "integer", description: "How many people were told." },
    },
    required: ["sent", "to", "notified"],
  },
  idempotent: false,
  takesKey: true,
  timeoutMs: 10_000,
  async call(input, context) {
    const args = objectArguments("notify", input);
    const to = textOf("notify", args, "to");
    const text = textOf("notify", args, "text");
    const given = args["title"];
    const firstLine = text.split("\n", 1)[0] ?? text;
    const short = firstLine.length > 80 ? `${firstLine.slice(0, 79)}…` : firstLine;
    const { notified } = await context.notify({
      to,
      title: typeof given === "string" && given.trim() !== "" ? given : short,
      text,
    });
    return { sent: notified > 0, to, notified };
  },
};
