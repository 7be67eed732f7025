export {
  type ListedFlow,
  type ListedRun,
  type ListedRevision,
  type FlowDetails,
  type FlowPause,
  type PinnedRevision,
  type Publication,
  type Published,
  checkFlow,
  publish,
  publishIn,
  listFlows,
  getFlow,
  pinDraft,
  pinRevision,
  loadRevision,
  revisionText,
  duplicateFlow,
  archiveFlow,
  flowInputs,
} from "./library.ts";
export { pauseFlow, resumeFlow } from "./pause.ts";
export { type Blueprint, blueprints } from "./blueprints.ts";
export {
  type Draft,
  type Reviewed,
  createFlow,
  draftAddress,
  draftKind,
  getDraft,
  reviewedText,
} from "./drafts.ts";
