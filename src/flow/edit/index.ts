export { applyChanges, type TextChange } from "./change.ts";
export { formatFlow } from "./format.ts";
export { editFlow, type Gesture } from "./gesture.ts";
export { type TaskChange, type TaskChanges, taskChanges } from "./task-changes.ts";
export { type Weakening, weakenings } from "./weakenings.ts";
export {
  locatePin,
  type LocatedPin,
  type Pin,
  taskStretches,
  type TaskStretch,
  withoutBlank,
} from "./pins.ts";
