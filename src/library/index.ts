export {
  type ListedFlow,
  type ListedRun,
  type ListedRevision,
  type FlowDetails,
  type PinnedRevision,
  type Publication,
  type Published,
  checkFlow,
  publish,
  publishIn,
  listFlows,
  getFlow,
  pinRevision,
  loadRevision,
  revisionText,
  duplicateFlow,
  archiveFlow,
  flowInputs,
} from "./library.ts";
export { type Blueprint, blueprints } from "./blueprints.ts";
export { draftKind } from "./draft.ts";
