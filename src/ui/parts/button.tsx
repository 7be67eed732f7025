"use client";
import { cva, type VariantProps } from "class-variance-authority";
import { LoaderCircle } from "lucide-react";
import Link from "next/link";
import type { ButtonHTMLAttributes, ComponentProps, ReactNode } from "react";
import { cn } from "./class-names.ts";
import { Kbd } from "./kbd.tsx";

const look = cva(
  "inline-flex shrink-0 items-center justify-center gap-2 rounded-(--radius-2) font-medium whitespace-nowrap transition-colors duration-(--motion-fast) disabled:opacity-60 pointer-coarse:h-11",
  {
    variants: {
      tone: {
        primary: "bg-(--accent) text-(--on-accent) hover:bg-(--accent-hover)",
        plain: "border border-(--border-strong) bg-(--surface) hover:bg-(--surface-2)",
        quiet: "hover:bg-(--surface-3)",
        danger: "bg-(--fail-fill) text-white hover:opacity-90",
      },
      size: { normal: "h-8 px-3", small: "h-7 px-2.5", icon: "h-8 w-8 pointer-coarse:w-11" },
    },
    defaultVariants: { tone: "plain", size: "normal" },
  },
);

type Look = VariantProps<typeof look>;

/** A button says its consequence. `shortcut` shows the key that presses it; the caller listens for it. */
export function Button({
  tone,
  size,
  busy = false,
  shortcut,
  className,
  children,
  disabled,
  type = "button",
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & Look & { busy?: boolean; shortcut?: string }) {
  return (
    <button
      type={type}
      {...rest}
      disabled={disabled === true || busy}
      aria-busy={busy}
      className={cn(look({ tone, size }), className)}
    >
      {busy ? (
        <LoaderCircle aria-hidden size={14} className="animate-spin motion-reduce:animate-none" />
      ) : null}
      {children}
      {shortcut === undefined ? null : <Kbd onAccent={tone === "primary"}>{shortcut}</Kbd>}
    </button>
  );
}

/** A link that looks like a button. */
export function ButtonLink({ tone, size, className, children, ...rest }: ComponentProps<typeof Link> & Look) {
  return (
    <Link {...rest} className={cn(look({ tone, size }), className)}>
      {children}
    </Link>
  );
}

/** A button of an icon alone; `label` is its name. */
export function IconButton({
  label,
  children,
  ...rest
}: { label: string; children: ReactNode } & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <Button tone="quiet" size="icon" aria-label={label} title={label} {...rest}>
      {children}
    </Button>
  );
}
