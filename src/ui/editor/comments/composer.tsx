"use client";
import { useEffect, useId, useRef, useState } from "react";
import { Avatar } from "../../parts/avatar.tsx";
import { Button } from "../../parts/button.tsx";
import { Textarea } from "../../parts/field.tsx";
import { FormError } from "../../parts/states.tsx";
import { candidates, handleOf, namingAt, withIds, type Nameable } from "./mention-text.ts";

/** As the server has it. */
const longest = 4000;

/** A field for a comment. "@" offers the members; Ctrl Enter sends, Escape leaves. */
export function Composer({
  label,
  initial = "",
  send,
  members,
  isBusy,
  error,
  onSend,
  onCancel,
}: {
  label: string;
  initial?: string;
  /** What the button says. */
  send: string;
  members: readonly Nameable[];
  isBusy: boolean;
  error: unknown;
  onSend(body: string): void;
  onCancel(): void;
}) {
  const list = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const form = useRef<HTMLFormElement>(null);
  const choices = useRef<HTMLUListElement>(null);
  const [text, setText] = useState(initial);
  const [cursor, setCursor] = useState(initial.length);
  const [at, setAt] = useState(0);
  const [isClosed, setIsClosed] = useState(false);
  useEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(initial.length, initial.length);
    form.current?.scrollIntoView({ block: "nearest" });
  }, [initial]);
  const naming = isClosed ? null : namingAt(text, cursor);
  const offered = naming === null ? [] : candidates(naming.typed, members);
  const offers = offered.length;
  useEffect(() => {
    if (offers > 0) choices.current?.scrollIntoView({ block: "nearest" });
  }, [offers]);
  const chosen = offered[Math.min(at, offered.length - 1)];
  const body = withIds(text.trim(), members);
  const canSend = body !== "" && body.length <= longest && !isBusy;

  const moved = (): void => {
    const now = field.current?.selectionStart ?? 0;
    setCursor(now);
  };
  const name = (member: Nameable): void => {
    if (naming === null) return;
    const before = `${text.slice(0, naming.from)}@${handleOf(member, members)} `;
    setText(before + text.slice(cursor));
    setCursor(before.length);
    setAt(0);
    requestAnimationFrame(() => {
      field.current?.focus();
      field.current?.setSelectionRange(before.length, before.length);
    });
  };
  return (
    <form
      ref={form}
      className="flex flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (canSend) onSend(body);
      }}
    >
      <div className="relative">
        <Textarea
          ref={field}
          aria-label={label}
          aria-autocomplete="list"
          aria-controls={offered.length > 0 ? list : undefined}
          aria-activedescendant={chosen === undefined ? undefined : `${list}-${chosen.userId}`}
          placeholder={`${label}. Name somebody with @`}
          rows={3}
          className="min-h-16"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setCursor(event.target.selectionStart);
            setIsClosed(false);
            setAt(0);
          }}
          onSelect={moved}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) {
              if (canSend) onSend(body);
            } else if (chosen !== undefined && event.key === "ArrowDown") {
              setAt((at + 1) % offered.length);
            } else if (chosen !== undefined && event.key === "ArrowUp") {
              setAt((at + offered.length - 1) % offered.length);
            } else if (chosen !== undefined && (event.key === "Enter" || event.key === "Tab")) {
              name(chosen);
            } else if (event.key === "Escape") {
              if (chosen === undefined) onCancel();
              else setIsClosed(true);
            } else return;
            event.preventDefault();
            event.stopPropagation();
          }}
        />
        {offered.length > 0 ? (
          <ul
            ref={choices}
            id={list}
            role="listbox"
            aria-label="Members"
            className="absolute inset-x-0 top-full z-20 mt-1 rounded-(--radius-2) border border-(--border-strong) bg-(--surface) p-1"
          >
            {offered.map((member, index) => (
              <li
                key={member.userId}
                id={`${list}-${member.userId}`}
                role="option"
                aria-selected={member === chosen}
                onPointerMove={() => setAt(index)}
                // The field keeps the focus.
                onPointerDown={(event) => event.preventDefault()}
                onClick={() => name(member)}
                className="flex min-h-8 cursor-pointer items-center gap-2 rounded-(--radius-1) px-2 aria-selected:bg-(--accent-soft) pointer-coarse:min-h-11"
              >
                <Avatar name={member.name} size={20} />
                <span className="truncate">{member.name}</span>
                <span className="min-w-0 flex-1 truncate text-right text-(--text-3) [font:var(--type-12)]">
                  {member.email}
                </span>
              </li>
            ))}
          </ul>
        ) : null}
      </div>
      <p className="sr-only" aria-live="polite">
        {offered.length > 0 ? `${offered.length} members to name` : ""}
      </p>
      {error === null ? null : <FormError error={error} />}
      <div className="flex items-center gap-2">
        <Button type="submit" tone="primary" size="small" busy={isBusy} disabled={!canSend}>
          {send}
        </Button>
        <Button tone="quiet" size="small" onClick={onCancel}>
          Cancel
        </Button>
        {body.length > longest - 200 ? (
          <span
            className={`ml-auto tabular-nums ${body.length > longest ? "text-(--fail)" : "text-(--text-3)"}`}
          >
            {body.length} of {longest}
          </span>
        ) : null}
      </div>
    </form>
  );
}
