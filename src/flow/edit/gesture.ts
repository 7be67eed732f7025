import type { Json, JsonObject } from "#base/index.ts";
import type { HeadKey } from "../language/definition.ts";
import type { DocumentPath } from "../language/source.ts";
import { parseFlow } from "../language/parse.ts";
import type { TextChange } from "./change.ts";
import { setField } from "./fields.ts";
import { addNeed, forgetNeed, removeNeed } from "./needs.ts";
import { freeId, freshIds, idsIn, renameTask } from "./rename.ts";
import { duplicateTask, insertTask, moveTask, removeTask, wrapTask } from "./tasks.ts";
import { listKeyOf, newTask } from "./templates.ts";

/** Something done to a flow by hand, other than typing. Paths are those of the text that it is done to. */
export type Gesture =
  | { readonly kind: "add"; readonly list: DocumentPath; readonly index: number; readonly head: HeadKey }
  | {
      readonly kind: "insert";
      readonly list: DocumentPath;
      readonly index: number;
      readonly task: JsonObject;
    }
  | { readonly kind: "remove"; readonly task: DocumentPath }
  | { readonly kind: "duplicate"; readonly task: DocumentPath }
  | {
      readonly kind: "move";
      readonly task: DocumentPath;
      readonly list: DocumentPath;
      readonly index: number;
    }
  | { readonly kind: "wrap"; readonly task: DocumentPath; readonly head: "parallel" | "sequence" }
  | { readonly kind: "rename"; readonly task: DocumentPath; readonly id: string }
  /** Of a dag: the task begins once the one with the id `on` is over, or no longer waits for it. */
  | { readonly kind: "need" | "unneed"; readonly task: DocumentPath; readonly on: string }
  /** `keep`: how many steps of the path stay, even empty, when the value is taken away. */
  | {
      readonly kind: "set";
      readonly path: DocumentPath;
      readonly value: Json | undefined;
      readonly keep?: number;
    };

/**
 * The smallest changes of the text that a gesture means. Everything else stays as it is written, comments and layout
 * included. Throws a BatonError "conflict" where the text does not allow it.
 */
export function editFlow(text: string, gesture: Gesture): TextChange[] {
  switch (gesture.kind) {
    case "add": {
      const parsed = parseFlow(text);
      const task = newTask(gesture.head, idsIn(parsed), parsed.flow);
      return insertTask(text, gesture.list, gesture.index, task);
    }
    case "insert":
      return insertTask(text, gesture.list, gesture.index, gesture.task);
    case "remove":
      return [...removeTask(text, gesture.task), ...forgetNeed(text, gesture.task)];
    case "duplicate":
      return duplicateTask(text, gesture.task, (stretch) => freshIds(text, gesture.task, stretch));
    case "move":
      return moveTask(text, gesture.task, gesture.list, gesture.index);
    case "wrap": {
      const around = { id: freeId(gesture.head, idsIn(parseFlow(text))) };
      return wrapTask(text, gesture.task, around, listKeyOf(gesture.head));
    }
    case "rename":
      return renameTask(text, gesture.task, gesture.id);
    case "need":
      return addNeed(text, gesture.task, gesture.on);
    case "unneed":
      return removeNeed(text, gesture.task, gesture.on);
    case "set":
      return setField(text, gesture.path, gesture.value, gesture.keep);
  }
}
