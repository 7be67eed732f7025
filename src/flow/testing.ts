/** For the tests of other modules. */
export { flowOf, world } from "./machine/testing/world.ts";
export { trees, write, type Node } from "./machine/testing/generate.ts";
