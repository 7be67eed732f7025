/** Somebody who is named in a comment, by the name that they had then. */
export type Mention = { id: string; name: string };

/** What was said. Instants are epoch milliseconds. `body` names members as `<@id>`; it is empty once `deletedAt` is set. */
export type CommentView = {
  id: string;
  author: { id: string; name: string };
  body: string;
  mentions: Mention[];
  createdAt: number;
  editedAt: number | null;
  deletedAt: number | null;
};

/** A conversation and what it is pinned to. `anchor` holds relative positions of the draft's document, in base64. */
export type ThreadView = {
  id: string;
  kind: "task" | "range";
  anchor: { start: string; end: string };
  /** How often the pin was put elsewhere. */
  version: number;
  /** Id of the task that it is pinned to, or that holds the range, as last known. */
  task: string | null;
  /** What stood there when it was begun. */
  quote: string;
  createdAt: number;
  resolved: { at: number; name: string } | null;
  /** The first is what the thread began with. */
  comments: CommentView[];
};
