export type { ModelAnswer, ModelCaller, ModelChunk, ModelRequest } from "./spec.ts";
export { createModelCaller, type ModelCallerOptions } from "./models/caller.ts";
export type { ModelSettings } from "./models/providers.ts";
export { priceOf, pricedModels, pricesAsOf } from "./models/prices.ts";
export { readablePace } from "./models/pace.ts";
export { simulatedModel, type SimulatedOptions } from "./simulated/model.ts";
