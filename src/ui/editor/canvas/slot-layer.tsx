"use client";
import { useReactFlow, ViewportPortal } from "@xyflow/react";
import { memo, useEffect, useRef, type KeyboardEvent } from "react";
import { createPortal } from "react-dom";
import { KindIcon } from "../../graph/kind-icon.tsx";
import { bringIntoView } from "./camera.tsx";
import type { DrawnSlot } from "./slots.ts";
import type { Carrying } from "./use-carry.ts";

/** The places for what is carried, on the canvas; the one that it would go to stands out. */
export function SlotLayer({ carrying, selected }: { carrying: Carrying; selected: string | null }) {
  const { carry, ghost } = carrying;
  if (carry === null) return null;
  if (carry.how === "pick") return <Choice carrying={carrying} selected={selected} />;
  return (
    <>
      <ViewportPortal>
        <div aria-hidden className="canvas-slots">
          <Marks slots={carry.slots} />
          {carry.at === null || carry.at.width === 0 ? null : (
            <span className="is-aimed" data-shape={carry.at.shape} style={placeOf(carry.at)} />
          )}
        </div>
      </ViewportPortal>
      {createPortal(
        <div
          ref={ghost}
          aria-hidden
          className="pointer-events-none fixed top-0 left-0 z-50 flex max-w-80 items-center gap-2 rounded-(--radius-3) border border-(--accent) bg-(--surface) px-2.5 py-1 shadow-md"
        >
          {carry.what.kind === "new" ? <KindIcon kind={carry.what.head} /> : null}
          <span className="font-semibold">{carry.what.name}</span>
          <span className="truncate text-(--text-2)">{carry.at?.words ?? "nowhere yet"}</span>
        </div>,
        document.body,
      )}
    </>
  );
}

const Marks = memo(function Marks({ slots }: { slots: readonly DrawnSlot[] }) {
  return slots.map((slot) => <span key={slot.key} data-shape={slot.shape} style={placeOf(slot)} />);
});

/** The places as buttons: arrows or Tab go through them, Enter or a tap puts the task there, Escape leaves it. */
function Choice({ carrying, selected }: { carrying: Carrying; selected: string | null }) {
  const flow = useReactFlow();
  const list = useRef<HTMLDivElement>(null);
  const { carry, drop, cancel } = carrying;
  const count = carry?.slots.length ?? 0;
  const first = useRef(false);
  const focusOn = (index: number): void => {
    const button = list.current?.querySelectorAll("button")[index];
    const slot = carry?.slots[index];
    if (button === undefined || slot === undefined) return;
    button.focus({ preventScroll: true });
    bringIntoView(flow, list.current, slot);
  };
  useEffect(() => {
    if (first.current || carry === null || count === 0) return;
    first.current = true;
    const at = carry.slots.findIndex((slot) => slot.key.endsWith(` ${selected ?? ""}`));
    focusOn(Math.max(0, at));
  });
  if (carry === null) return null;
  const press = (event: KeyboardEvent): void => {
    const now = [...(list.current?.querySelectorAll("button") ?? [])].indexOf(
      event.target as HTMLButtonElement,
    );
    if (event.key === "ArrowDown" || event.key === "ArrowRight") focusOn((now + 1) % count);
    else if (event.key === "ArrowUp" || event.key === "ArrowLeft") focusOn((now - 1 + count) % count);
    else if (event.key === "Escape") cancel();
    else if (event.key !== "Enter" && event.key !== " " && event.key !== "Tab") return;
    event.stopPropagation();
    if (event.key.startsWith("Arrow")) event.preventDefault();
  };
  return (
    <ViewportPortal>
      <div
        ref={list}
        role="group"
        aria-label={`Where to put ${carry.what.name}`}
        className="canvas-slots is-choice"
        onKeyDown={press}
      >
        {carry.slots.map((slot) => (
          <button
            key={slot.key}
            type="button"
            className="nopan nodrag"
            data-shape={slot.shape}
            style={placeOf(slot)}
            aria-label={`Put it ${slot.words}`}
            title={`Put it ${slot.words}`}
            onFocus={() => bringIntoView(flow, list.current, slot)}
            onClick={() => drop(slot)}
          />
        ))}
      </div>
    </ViewportPortal>
  );
}

function placeOf({ x, y, width, height }: DrawnSlot) {
  return { transform: `translate(${x}px, ${y}px)`, width, height };
}
