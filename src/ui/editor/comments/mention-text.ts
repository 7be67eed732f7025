import type { CommentRow, MemberRow } from "#api/index.ts";

/** As much of a member as naming them takes. */
export type Nameable = Pick<MemberRow, "userId" | "name" | "email">;
type Mention = CommentRow["mentions"][number];

const token = /<@([\w-]{1,64})>/g;
const most = 6;

/** What a member is called behind an "@": the name, or the address where several have the name. */
export function handleOf(member: Nameable, members: readonly Nameable[]): string {
  const name = member.name.trim();
  const isAlone = !members.some(
    (other) => other.userId !== member.userId && other.name.trim().toLowerCase() === name.toLowerCase(),
  );
  return isAlone && name !== "" ? name : member.email;
}

/** A comment as it is sent: whoever is named by "@" and their handle is named by id. */
export function withIds(text: string, members: readonly Nameable[]): string {
  const ids = new Map(members.map((one) => [handleOf(one, members).toLowerCase(), one.userId]));
  const handles = [...ids.keys()].toSorted((a, b) => b.length - a.length).map(escaped);
  if (handles.length === 0) return text;
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_.])@(${handles.join("|")})(?![\\p{L}\\p{N}_])`, "giu");
  return text.replaceAll(pattern, (written, handle: string) => {
    const id = ids.get(handle.toLowerCase());
    return id === undefined ? written : `<@${id}>`;
  });
}

/** A comment as it is written in the field, for changing it. */
export function withHandles(
  body: string,
  mentions: readonly Mention[],
  members: readonly Nameable[],
): string {
  return piecesOf(body, mentions)
    .map((piece) => {
      if (!("mention" in piece)) return piece.text;
      const member = members.find(({ userId }) => userId === piece.mention.id);
      return `@${member === undefined ? piece.mention.name : handleOf(member, members)}`;
    })
    .join("");
}

export type Piece = { readonly text: string } | { readonly mention: Mention };

/** A comment as it is shown: words, and who is named between them. */
export function piecesOf(body: string, mentions: readonly Mention[]): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of body.matchAll(token)) {
    const mention = mentions.find(({ id }) => id === match[1]);
    if (mention === undefined) continue;
    if (match.index > at) pieces.push({ text: body.slice(at, match.index) });
    pieces.push({ mention });
    at = match.index + match[0].length;
  }
  if (at < body.length) pieces.push({ text: body.slice(at) });
  return pieces;
}

/** The name that is being written behind an "@" right before the cursor, and where the "@" stands. */
export type Naming = { readonly from: number; readonly typed: string };

export function namingAt(text: string, cursor: number): Naming | null {
  const match = /(?:^|[\s([{,;:"'])@([^\n@]{0,60})$/u.exec(text.slice(0, cursor));
  if (match === null) return null;
  const typed = match[1] ?? "";
  return { from: cursor - typed.length - 1, typed };
}

/** Members whose name or address goes on as typed; those whose name begins so come first. */
export function candidates(typed: string, members: readonly Nameable[]): Nameable[] {
  const wanted = typed.toLowerCase();
  const rank = ({ name, email }: Nameable): number => {
    const whole = name.toLowerCase();
    if (whole.startsWith(wanted)) return 0;
    if (whole.split(/\s+/).some((word) => word.startsWith(wanted))) return 1;
    return email.toLowerCase().startsWith(wanted) ? 2 : 3;
  };
  return members
    .filter((member) => rank(member) < 3)
    .toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
    .slice(0, most);
}

const escaped = (word: string): string => word.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
