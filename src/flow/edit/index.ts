export { applyChanges, type TextChange } from "./change.ts";
export { editFlow, type Gesture } from "./gesture.ts";
export { type Weakening, weakenings } from "./weakenings.ts";
