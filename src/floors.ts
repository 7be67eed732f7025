/** A module imports from lower floors only, through these entries only. `architecture.test.ts` reads this table. */
export const floors: readonly {
  floor: number;
  modules: Readonly<Record<string, readonly string[]>>;
  why: string;
}[] = [
  { floor: 0, modules: { base: ["index.ts"] }, why: "words that everyone uses" },
  {
    floor: 1,
    modules: { flow: ["index.ts", "machine/index.ts"] },
    why: "the language; pure, so that browser and server agree",
  },
  {
    floor: 2,
    modules: { platform: ["index.ts"] },
    why: "the only door to the database, the network and the environment",
  },
  { floor: 3, modules: { governance: ["index.ts"] }, why: "who may do what, and the record of it" },
  {
    floor: 4,
    modules: { journal: ["index.ts"], collab: ["index.ts", "client.ts"] },
    why: "a run's truth, and what is written together",
  },
  {
    floor: 5,
    modules: {
      library: ["index.ts"],
      people: ["index.ts"],
      memory: ["index.ts"],
      observability: ["index.ts"],
    },
    why: "what people keep and decide, and what runs remember",
  },
  { floor: 6, modules: { tools: ["index.ts"] }, why: "what can be called" },
  { floor: 7, modules: { agents: ["index.ts"] }, why: "who calls it" },
  { floor: 8, modules: { engine: ["index.ts", "browser.ts"] }, why: "drives runs" },
  { floor: 9, modules: { triggers: ["index.ts"] }, why: "what starts flows by itself" },
  { floor: 10, modules: { api: ["index.ts"] }, why: "the verbs of every face" },
  { floor: 11, modules: { ui: [] }, why: "what people see: base, flow, engine/browser, and types of api" },
  { floor: 12, modules: { app: [], processes: [], cli: [] }, why: "entry points" },
];
