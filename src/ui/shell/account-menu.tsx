"use client";
import { Check, LogOut, Monitor, Moon, Sun } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useState } from "react";
import { useMe } from "../client/me.ts";
import { Avatar } from "../parts/avatar.tsx";
import { chooseTheme, chosenTheme, signOut, type Theme } from "./session.ts";

const themes: readonly { theme: Theme; title: string; icon: typeof Sun }[] = [
  { theme: "system", title: "As the system", icon: Monitor },
  { theme: "light", title: "Light", icon: Sun },
  { theme: "dark", title: "Dark", icon: Moon },
];
const row =
  "flex h-8 cursor-pointer items-center gap-2 rounded-(--radius-1) px-2 outline-none data-highlighted:bg-(--surface-3) pointer-coarse:h-11";

export function AccountMenu({ isWide }: { isWide: boolean }) {
  const { me } = useMe();
  const [theme, setTheme] = useState<Theme>("system");
  return (
    <DropdownMenu.Root onOpenChange={(open) => (open ? setTheme(chosenTheme()) : undefined)}>
      <DropdownMenu.Trigger
        aria-label="Your account"
        className="flex h-8 items-center gap-3 rounded-(--radius-2) px-1 hover:bg-(--surface-2)"
      >
        {me === undefined ? (
          <span aria-hidden className="skeleton size-6 rounded-full" />
        ) : (
          <Avatar name={me.user.name} />
        )}
        {isWide ? <span className="truncate">{me?.user.name}</span> : null}
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          side="right"
          align="end"
          sideOffset={8}
          className="z-50 w-60 rounded-(--radius-3) border border-(--border-strong) bg-(--surface) p-1 [font:var(--type-13)]"
        >
          <div className="px-2 py-1.5">
            <p className="font-semibold">{me?.user.name}</p>
            <p className="truncate text-(--text-2)">{me?.user.email}</p>
            <p className="text-(--text-3) [font:var(--type-12)]">{me?.roles.join(", ")}</p>
          </div>
          <DropdownMenu.Separator className="my-1 h-px bg-(--border)" />
          <DropdownMenu.RadioGroup
            value={theme}
            onValueChange={(value) => {
              chooseTheme(value as Theme);
              setTheme(value as Theme);
            }}
          >
            {themes.map((option) => (
              <DropdownMenu.RadioItem
                key={option.theme}
                value={option.theme}
                className={row}
                onSelect={(event) => event.preventDefault()}
              >
                <option.icon aria-hidden size={14} /> {option.title}
                <DropdownMenu.ItemIndicator className="ml-auto">
                  <Check aria-hidden size={14} />
                </DropdownMenu.ItemIndicator>
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
          <DropdownMenu.Separator className="my-1 h-px bg-(--border)" />
          <DropdownMenu.Item className={row} onSelect={() => void signOut()}>
            <LogOut aria-hidden size={14} /> Sign out
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
