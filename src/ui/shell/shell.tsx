"use client";
import { useQuery } from "@tanstack/react-query";
import { ChevronsLeft, ChevronsRight, Command, Ellipsis, WifiOff } from "lucide-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { usePathname, useRouter } from "next/navigation";
import { useEffect, useState, type ReactNode } from "react";
import { useWorkspaceLive } from "../client/live.ts";
import { useMe } from "../client/me.ts";
import { batonError, useTRPC } from "../client/trpc.ts";
import { Card } from "../parts/card.tsx";
import { Page } from "../parts/page.tsx";
import { ErrorState } from "../parts/states.tsx";
import { BatonMark } from "./baton-mark.tsx";
import { useInboxNotices } from "./notices.ts";
import { isAt, places } from "./places.ts";

// Its menu is most of what this frame would weigh.
const AccountMenu = dynamic(async () => (await import("./account-menu.tsx")).AccountMenu, {
  ssr: false,
  loading: () => <span className="block h-8" />,
});
const Palette = dynamic(() => import("./palette.tsx"), { ssr: false });
const Shortcuts = dynamic(() => import("./shortcuts.tsx"), { ssr: false });

/** The frame of every page for members: navigation, palette, shortcuts; keeps lists live. */
export function Shell({ children }: { children: ReactNode }) {
  const trpc = useTRPC();
  const router = useRouter();
  const path = usePathname();
  const { me, error, may } = useMe();
  const counts = useQuery(trpc.inbox.count.queryOptions(undefined, { enabled: me !== undefined }));
  const { isConnected } = useWorkspaceLive(me !== undefined);
  useInboxNotices(me !== undefined);
  const [isWide, setIsWide] = useState(false);
  const [opened, setOpened] = useState<"palette" | "shortcuts" | "more" | null>(null);

  useEffect(() => setIsWide(localStorage.getItem("navigation") === "wide"), []);
  useEffect(() => setOpened(null), [path]);
  useEffect(() => {
    if (error !== null && batonError(error).code === "unauthenticated") {
      router.replace(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
    }
  }, [error, router]);
  useEffect(() => {
    let armed = 0;
    const press = (event: KeyboardEvent): void => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setOpened((now) => (now === "palette" ? null : "palette"));
        return;
      }
      const target = event.target as HTMLElement | null;
      if (
        event.metaKey ||
        event.ctrlKey ||
        event.altKey ||
        target?.closest("input, textarea, select, [contenteditable], dialog") != null
      )
        return;
      if (event.key === "?") setOpened("shortcuts");
      else if (event.key === "g") armed = event.timeStamp;
      else if (event.timeStamp - armed < 1000) {
        armed = 0;
        const place = places.find((candidate) => candidate.key === event.key);
        if (place !== undefined) router.push(place.href);
      }
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [router]);

  // Until it is known who is here, the places that not everyone may see keep their room, so that nothing jumps.
  const allowed = places.filter(
    (place) => place.permission === undefined || me === undefined || may(place.permission),
  );
  const pending = counts.data?.pending ?? 0;
  const item = (place: (typeof places)[number]) => {
    const here = isAt(place, path);
    return (
      <Link
        key={place.href}
        href={place.href}
        aria-current={here ? "page" : undefined}
        title={isWide ? undefined : place.title}
        className={`relative flex h-8 items-center gap-3 rounded-(--radius-2) px-2 ${here ? "bg-(--surface-3) font-medium text-(--text)" : "text-(--text-2) hover:bg-(--surface-2) hover:text-(--text)"} ${place.permission !== undefined && me === undefined ? "invisible" : ""}`}
      >
        <place.icon aria-hidden size={16} className="shrink-0" />
        <span className={isWide ? "truncate" : "sr-only"}>{place.title}</span>
        {place.href === "/inbox" && pending > 0 ? (
          <span
            className={`flex h-4 min-w-4 items-center justify-center rounded-full bg-(--accent) px-1 text-[10px] leading-4 font-semibold text-(--on-accent) ${isWide ? "ml-auto" : "absolute -top-0.5 -right-0.5"}`}
          >
            {pending > 99 ? "99+" : pending}
            <span className="sr-only"> waiting for you</span>
          </span>
        ) : null}
      </Link>
    );
  };
  return (
    <div className="flex min-h-dvh">
      <a href="#content" className="skip-link">
        Skip to the content
      </a>
      <nav
        aria-label="Main"
        className={`sticky top-0 hidden h-dvh shrink-0 flex-col gap-1 border-r border-(--border) bg-(--bg) p-2 md:flex ${isWide ? "w-52" : "w-12"}`}
      >
        <button
          type="button"
          aria-label={isWide ? "Show icons only" : "Show the names of the places"}
          onClick={() => {
            localStorage.setItem("navigation", isWide ? "narrow" : "wide");
            setIsWide(!isWide);
          }}
          className="mb-2 flex h-8 items-center gap-2 rounded-(--radius-2) px-1 hover:bg-(--surface-2)"
        >
          <BatonMark />
          {isWide ? (
            <>
              <span className="min-w-0 flex-1 truncate font-semibold">{me?.workspace.name ?? ""}</span>
              <ChevronsLeft aria-hidden size={14} className="text-(--text-3)" />
            </>
          ) : (
            <ChevronsRight aria-hidden size={14} className="sr-only" />
          )}
        </button>
        {allowed.filter((place) => place.isFoot !== true).map(item)}
        <div className="mt-auto flex flex-col gap-1">
          <button
            type="button"
            onClick={() => setOpened("palette")}
            title="Search and commands"
            className="flex h-8 items-center gap-3 rounded-(--radius-2) px-2 text-(--text-2) hover:bg-(--surface-2) hover:text-(--text)"
          >
            <Command aria-hidden size={16} />
            <span className={isWide ? "" : "sr-only"}>Search and commands</span>
          </button>
          {allowed.filter((place) => place.isFoot === true).map(item)}
          <AccountMenu isWide={isWide} />
        </div>
      </nav>
      <main
        id="content"
        tabIndex={-1}
        className="flex min-w-0 flex-1 flex-col pb-14 outline-none md:pb-0 focus-visible:shadow-none"
      >
        {isConnected ? null : (
          <p
            role="status"
            className="flex items-center gap-2 border-b border-(--border) bg-(--wait-soft) px-4 py-2 text-(--wait)"
          >
            <WifiOff aria-hidden size={14} /> The connection to Baton is lost. What you see may be old; Baton
            reconnects by itself.
          </p>
        )}
        {error !== null && batonError(error).code !== "unauthenticated" ? (
          <Page title="This page could not be loaded">
            <Card flush>
              <ErrorState error={error} onRetry={() => location.reload()} />
            </Card>
          </Page>
        ) : (
          children
        )}
      </main>
      <nav
        aria-label="Main"
        className="fixed inset-x-0 bottom-0 z-40 flex h-14 border-t border-(--border) bg-(--bg) md:hidden"
      >
        {allowed.slice(0, 4).map((place) => {
          const here = isAt(place, path);
          return (
            <Link
              key={place.href}
              href={place.href}
              aria-current={here ? "page" : undefined}
              className={`relative flex flex-1 flex-col items-center justify-center gap-0.5 [font:var(--type-11)] ${here ? "text-(--accent-text)" : "text-(--text-2)"}`}
            >
              <place.icon aria-hidden size={18} />
              {place.title}
              {place.href === "/inbox" && pending > 0 ? (
                <span className="absolute top-1.5 left-1/2 ml-2 size-4 rounded-full bg-(--accent) text-center text-[10px] leading-4 font-semibold text-(--on-accent)">
                  {pending}
                </span>
              ) : null}
            </Link>
          );
        })}
        <button
          type="button"
          onClick={() => setOpened("palette")}
          className="flex flex-1 flex-col items-center justify-center gap-0.5 text-(--text-2) [font:var(--type-11)]"
        >
          <Ellipsis aria-hidden size={18} /> More
        </button>
      </nav>
      {opened === "palette" ? (
        <Palette onClose={() => setOpened(null)} onShortcuts={() => setOpened("shortcuts")} />
      ) : null}
      {opened === "shortcuts" ? <Shortcuts onClose={() => setOpened(null)} /> : null}
    </div>
  );
}
