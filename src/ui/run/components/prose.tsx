"use client";
import { Component, lazy, Suspense, type ReactNode } from "react";

const MarkdownText = lazy(async () => ({ default: (await import("./markdown-text.tsx")).MarkdownText }));

/** A model's words. Until the markdown reader has loaded, and if it fails, they stand as plain text. */
export function Prose({
  text,
  isLive = false,
  dim = false,
}: {
  text: string;
  isLive?: boolean;
  dim?: boolean;
}) {
  const plain = <p className="whitespace-pre-wrap">{text}</p>;
  return (
    <div
      className={`prose-run max-w-[72ch] break-words [font:var(--type-14)] ${dim ? "text-(--text-2)" : "text-(--text)"} ${isLive ? "is-live" : ""}`}
    >
      <Fallback shows={plain}>
        <Suspense fallback={plain}>
          <MarkdownText text={text} />
        </Suspense>
      </Fallback>
    </div>
  );
}

class Fallback extends Component<{ shows: ReactNode; children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };
  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }
  override render(): ReactNode {
    return this.state.failed ? this.props.shows : this.props.children;
  }
}
