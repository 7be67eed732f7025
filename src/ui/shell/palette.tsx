"use client";
import { useQuery } from "@tanstack/react-query";
import { Command } from "cmdk";
import {
  CirclePlay,
  Keyboard,
  LogOut,
  Monitor,
  Moon,
  Plus,
  Sun,
  Workflow,
  X,
  GitFork,
  Link2,
  Pause,
  Play,
  RotateCw,
  Square,
  type LucideIcon,
} from "lucide-react";
import { useRouter } from "next/navigation";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { IconButton } from "../parts/button.tsx";
import { useMe } from "../client/me.ts";
import { useTRPC } from "../client/trpc.ts";
import { places } from "./places.ts";
import { chooseTheme, signOut } from "./session.ts";

const row =
  "flex min-h-9 cursor-pointer items-center gap-2.5 rounded-(--radius-2) px-2.5 data-[selected=true]:bg-(--surface-3) pointer-coarse:min-h-11";
const group =
  "[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:py-1.5 [&_[cmdk-group-heading]]:text-(--text-3) [&_[cmdk-group-heading]]:[font:var(--type-11)]";

/** Buttons of the run page, by their ids. */
const pageCommands: readonly { id: string; title: string; icon: LucideIcon }[] = [
  { id: "run-pause", title: "Pause this run", icon: Pause },
  { id: "run-resume", title: "Let this run go on", icon: Play },
  { id: "run-retry", title: "Retry this run where it failed", icon: RotateCw },
  { id: "run-fork", title: "Fork this run from the chosen task", icon: GitFork },
  { id: "run-cancel", title: "Cancel this run", icon: Square },
  { id: "run-copy-link", title: "Copy a link to this run", icon: Link2 },
];

/** Ids of those that the page has now, divided by blanks. */
function pressableIds(): string {
  const isPressable = (id: string): boolean => {
    const element = document.getElementById(id);
    return element instanceof HTMLButtonElement && !element.disabled;
  };
  return pageCommands
    .map(({ id }) => id)
    .filter(isPressable)
    .join(" ");
}

/** A page may still load, or change, while the palette lies over it. */
function watchPage(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.body, { childList: true, subtree: true, attributeFilter: ["disabled"] });
  return () => observer.disconnect();
}

/** Whether each typed word is in the entry: letters strewn over it don't count. */
function hasAllWords(entry: string, typed: string): number {
  const text = entry.toLowerCase();
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
    ? 1
    : 0;
}

/** Search over places, flows and runs, and the commonest commands. */
export default function Palette({ onClose, onShortcuts }: { onClose(): void; onShortcuts(): void }) {
  const trpc = useTRPC();
  const router = useRouter();
  const { me, may } = useMe();
  const flows = useQuery(trpc.flow.list.queryOptions({}));
  const runs = useQuery(trpc.run.list.queryOptions({ limit: 20 }));
  const dialog = useRef<HTMLDialogElement>(null);
  // On a phone this is the menu as well: commands come before the flows, and a button closes it.
  const [isTouch] = useState(() => window.matchMedia("(pointer: coarse)").matches);
  useEffect(() => {
    dialog.current?.showModal();
    // On a phone the list comes first: the keyboard would cover half of it.
    if (isTouch) dialog.current?.focus();
  }, [isTouch]);
  const go = (href: string): void => {
    onClose();
    router.push(href);
  };
  // What the page itself offers now: its own buttons, pressed from here.
  const pressable = useSyncExternalStore(watchPage, pressableIds, () => "").split(" ");
  const offered = pageCommands.filter(({ id }) => pressable.includes(id));
  const commands = (
    <Command.Group heading="Commands" className={group}>
      {offered.map(({ id, title, icon: Icon }) => (
        <Command.Item
          key={id}
          value={`command ${title}`}
          onSelect={() => {
            onClose();
            document.getElementById(id)?.click();
          }}
          className={row}
        >
          <Icon aria-hidden size={14} className="text-(--text-3)" /> {title}
        </Command.Item>
      ))}
      {may("flow.edit") ? (
        <Command.Item value="command new flow" onSelect={() => go("/flows/new")} className={row}>
          <Plus aria-hidden size={14} className="text-(--text-3)" /> New flow
        </Command.Item>
      ) : null}
      <Command.Item
        value="command light theme"
        onSelect={() => (chooseTheme("light"), onClose())}
        className={row}
      >
        <Sun aria-hidden size={14} className="text-(--text-3)" /> Use the light theme
      </Command.Item>
      <Command.Item
        value="command dark theme"
        onSelect={() => (chooseTheme("dark"), onClose())}
        className={row}
      >
        <Moon aria-hidden size={14} className="text-(--text-3)" /> Use the dark theme
      </Command.Item>
      <Command.Item
        value="command system theme"
        onSelect={() => (chooseTheme("system"), onClose())}
        className={row}
      >
        <Monitor aria-hidden size={14} className="text-(--text-3)" /> Use the system's theme
      </Command.Item>
      <Command.Item
        value="command keyboard shortcuts"
        onSelect={onShortcuts}
        className={`${row} pointer-coarse:hidden`}
      >
        <Keyboard aria-hidden size={14} className="text-(--text-3)" /> Show the shortcuts
      </Command.Item>
      <Command.Item
        value={`command sign out ${me?.user.name ?? ""}`}
        onSelect={() => void signOut()}
        className={row}
      >
        <LogOut aria-hidden size={14} className="text-(--text-3)" /> Sign out
        <span className="min-w-0 flex-1 truncate text-(--text-3)">{me?.user.email}</span>
      </Command.Item>
    </Command.Group>
  );
  return (
    <dialog
      ref={dialog}
      tabIndex={-1}
      aria-label="Search and commands"
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
      className="mx-auto mt-[12vh] outline-none max-sm:mt-3 focus-visible:shadow-none w-[min(600px,calc(100vw-24px))] overflow-hidden rounded-(--radius-3) border border-(--border-strong) bg-(--surface) p-0 text-(--text)"
    >
      <Command label="Search and commands" loop filter={hasAllWords}>
        <div className="flex items-center border-b border-(--border)">
          <Command.Input
            autoFocus
            placeholder="Go to a flow, a run or a place"
            className="h-12 min-w-0 flex-1 bg-transparent px-4 outline-none [font:var(--type-14)] focus-visible:shadow-none"
          />
          {isTouch ? (
            <IconButton label="Close" onClick={onClose}>
              <X aria-hidden size={16} />
            </IconButton>
          ) : null}
        </div>
        <Command.List className="max-h-[50vh] overflow-y-auto max-sm:max-h-[calc(100dvh-84px)] p-2">
          <Command.Empty className="px-2.5 py-6 text-(--text-2)">
            Nothing of that name. Try a part of it.
          </Command.Empty>
          <Command.Group heading="Places" className={group}>
            {places
              .filter((place) => place.permission === undefined || may(place.permission))
              .map((place) => (
                <Command.Item
                  key={place.href}
                  value={`place ${place.title}`}
                  onSelect={() => go(place.href)}
                  className={row}
                >
                  <place.icon aria-hidden size={14} className="text-(--text-3)" /> {place.title}
                </Command.Item>
              ))}
          </Command.Group>
          {isTouch ? commands : null}
          {(flows.data?.length ?? 0) === 0 ? null : (
            <Command.Group heading="Flows" className={group}>
              {(flows.data ?? []).map((flow) => (
                <Command.Item
                  key={flow.id}
                  value={`flow ${flow.title} ${flow.slug}`}
                  onSelect={() => go(`/flows/${flow.slug}`)}
                  className={row}
                >
                  <Workflow aria-hidden size={14} className="text-(--text-3)" /> {flow.title}
                </Command.Item>
              ))}
            </Command.Group>
          )}
          {(runs.data?.rows.length ?? 0) === 0 ? null : (
            <Command.Group heading="Runs" className={group}>
              {(runs.data?.rows ?? []).map((run) => (
                <Command.Item
                  key={run.id}
                  value={`run ${run.flow.title} ${run.number} ${run.headline}`}
                  onSelect={() => go(`/runs/${run.id}`)}
                  className={row}
                >
                  <CirclePlay aria-hidden size={14} className="text-(--text-3)" /> {run.flow.title}, run{" "}
                  {run.number}
                  <span className="min-w-0 flex-1 truncate text-(--text-3)">{run.headline}</span>
                </Command.Item>
              ))}
            </Command.Group>
          )}
          {isTouch ? null : commands}
        </Command.List>
      </Command>
    </dialog>
  );
}
