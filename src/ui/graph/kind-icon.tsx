import { memo } from "react";
import {
  BookMarked,
  Bot,
  Braces,
  ChevronsRight,
  CircleStop,
  ClipboardList,
  Columns2,
  GitBranch,
  Hand,
  Hourglass,
  ListOrdered,
  Network,
  OctagonX,
  Repeat,
  RotateCw,
  ScrollText,
  Sparkles,
  SquareTerminal,
  Split,
  TriangleAlert,
  Undo2,
  Variable,
  Workflow,
  Wrench,
  type LucideIcon,
} from "lucide-react";

const icons: Readonly<Record<string, LucideIcon>> = {
  agent: Bot,
  tool: Wrench,
  script: SquareTerminal,
  sequence: ListOrdered,
  parallel: Columns2,
  dag: Network,
  foreach: Repeat,
  loop: RotateCw,
  if: GitBranch,
  switch: Split,
  approval: Hand,
  form: ClipboardList,
  wait: Hourglass,
  flow: Workflow,
  set: Variable,
  remember: BookMarked,
  log: ScrollText,
  fail: OctagonX,
  stop: CircleStop,
  model: Sparkles,
  iteration: ChevronsRight,
  attempt: Undo2,
  block: Braces,
  broken: TriangleAlert,
};

/** The icon of a task's head key, or of a part of the trace that is no task. Decoration: its name stands beside it. */
export const KindIcon = memo(function KindIcon({ kind, size = 14 }: { kind: string; size?: number }) {
  const Icon = icons[kind] ?? Braces;
  return <Icon aria-hidden size={size} strokeWidth={1.75} className="shrink-0 text-(--text-3)" />;
});
