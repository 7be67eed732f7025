export type * from "./language/definition.ts";
export type * from "./language/triggers/definition.ts";
export { completionStates } from "./language/triggers/definition.ts";
export { describeTrigger, triggerName } from "./language/triggers/describe.ts";
export { nextTimes, readSchedule, type Schedule } from "./schedule/schedule.ts";
export type { Problem } from "./problem.ts";
export type {
  ToolFacts,
  ToolEffect,
  ToolCatalog,
  ModelCatalog,
  ModelFacts,
  Message,
  Usage,
  Cost,
  ToolCall,
  RunActor,
  TaskPath,
  TaskError,
  Value,
  Ask,
  StoredAsk,
  StoredMessage,
  Text,
} from "./machine/index.ts";
export { compileExpression, type CompiledExpression } from "./expression/compile.ts";
export { evaluateCondition, evaluateExpression, type ExpressionScope } from "./expression/evaluate.ts";
export { isExpressionError } from "./expression/errors.ts";
export { evaluateTemplate, isSecretText, textOfValue, type SecretText } from "./expression/template.ts";
export { expressionReferences, type Reference } from "./expression/references.ts";
export { shapeOf, ShapeError } from "./language/shape.ts";
export { exampleOf } from "./values/example.ts";
export { checkValue, type Checked, type ValueError } from "./values/check.ts";
export { inputOfSecret, inputSecret, secretInputs, withoutSecrets } from "./values/secret-inputs.ts";
export { coerceInputs, type Coerced } from "./values/coerce.ts";
export { shapeOfSchema } from "./values/schema-shape.ts";
export { canonicalJson } from "./values/canonical.ts";
export { parseDuration, printDuration, readDuration } from "./values/duration.ts";
export { parseSize } from "./values/size.ts";
export { parseFlow, type ParsedFlow } from "./language/parse.ts";
export {
  coversMemory,
  isMemoryName,
  longestMemoryName,
  memoryGrantOf,
  memoryKeyProblem,
  memoryRefusal,
  memoryScopes,
  readMemoryKey,
  type MemoryKey,
  type MemoryScope,
} from "./language/memory.ts";
export { labelProblem } from "./language/parts.ts";
export { printFlow } from "./language/print.ts";
export { flowJsonSchema } from "./language/schema.ts";
export type { FlowSource, TextRange } from "./language/source.ts";
export { validateFlow } from "./validate/index.ts";
export type { Knowledge } from "./validate/knowledge.ts";
export { grantCovers } from "./validate/rules/grants.ts";
export { blocksOf, type Block } from "./language/blocks.ts";
export { flowGraph, type FlowGraph, type GraphNode, type GraphEdge } from "./graph/graph.ts";
export { taskChanges, type TaskChange, type TaskChanges } from "./edit/index.ts";
export { applyChanges, editFlow, formatFlow, type Gesture, type TextChange } from "./edit/index.ts";
export { weakenings, type Weakening } from "./edit/index.ts";
export {
  locatePin,
  type LocatedPin,
  type Pin,
  taskStretches,
  type TaskStretch,
  withoutBlank,
} from "./edit/index.ts";
