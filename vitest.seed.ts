import fc from "fast-check";

// The same cases each time, so that a change is judged and not the draw. FC_SEED tries others.
const wanted = typeof process === "undefined" ? undefined : process.env["FC_SEED"];
fc.configureGlobal({ seed: wanted === undefined ? 20_260_101 : Number(wanted) });
