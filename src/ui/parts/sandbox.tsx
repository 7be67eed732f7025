import { ShieldCheck, TestTubeDiagonal } from "lucide-react";

const look =
  "inline-flex h-5 shrink-0 items-center gap-1 rounded-(--radius-1) border border-dashed border-(--accent) px-1.5 text-(--accent-text) [font:var(--type-11)]";

/** Stands wherever a run stands that only tries a flow out. */
export function SandboxMark() {
  return (
    <span
      title="Tries the flow out: whatever would change something is answered in the tool's place"
      className={look}
    >
      <TestTubeDiagonal aria-hidden size={12} /> Sandbox
    </span>
  );
}

/** Stands on a call that was not made. */
export function MockedMark({ how }: { how: "given" | "example" }) {
  return (
    <span
      title={
        how === "given"
          ? "This call was not made: the answer is the one given when the flow was tried out"
          : "This call was not made: the answer is an example made up from the shape of the tool's output"
      }
      className={look}
    >
      <ShieldCheck aria-hidden size={12} /> {how === "given" ? "Mocked, as given" : "Mocked"}
    </span>
  );
}
