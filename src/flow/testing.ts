/** For the tests of other modules. */
export { trees, write, type Node } from "./machine/testing/generate.ts";
