import type { MemberView } from "#governance/index.ts";
import type { Mention } from "./view.ts";

const named = /<@([\w-]{1,64})>/g;

/** The members whom a comment names, each once, in the order in which they are named. Others are only text. */
export function mentionsIn(body: string, members: readonly MemberView[]): Mention[] {
  const found = new Map<string, Mention>();
  for (const [, id] of body.matchAll(named)) {
    const member = members.find(({ userId }) => userId === id);
    if (member !== undefined) found.set(member.userId, { id: member.userId, name: member.name });
  }
  return [...found.values()];
}

/** A comment as people read it. */
export function readable(body: string, mentions: readonly Mention[]): string {
  return body.replaceAll(named, (written, id: string) => {
    const mention = mentions.find((one) => one.id === id);
    return mention === undefined ? written : `@${mention.name}`;
  });
}
