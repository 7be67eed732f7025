"use client";
import {
  useId,
  type ComponentProps,
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
} from "react";
import { cn } from "./class-names.ts";

const box =
  "w-full rounded-(--radius-2) border border-(--border-field) bg-(--surface) px-2.5 aria-invalid:border-(--fail) disabled:opacity-60";

type FieldProps = {
  label: ReactNode;
  hint?: ReactNode;
  error?: string | null | undefined;
  optional?: boolean;
  children(ids: {
    id: string;
    "aria-describedby": string | undefined;
    "aria-invalid": true | undefined;
  }): ReactNode;
};

/** A labelled control with its hint and its error, tied together for the screen reader. */
export function Field({ label, hint, error, optional = false, children }: FieldProps) {
  const id = useId();
  const said = error ?? hint;
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="font-medium">
        {label} {optional ? <span className="font-normal text-(--text-3)">optional</span> : null}
      </label>
      {children({
        id,
        "aria-describedby": said ? `${id}-said` : undefined,
        "aria-invalid": error ? true : undefined,
      })}
      {said ? (
        <p
          id={`${id}-said`}
          role={error ? "alert" : undefined}
          className={cn("[font:var(--type-12)]", error ? "text-(--fail)" : "text-(--text-2)")}
        >
          {said}
        </p>
      ) : null}
    </div>
  );
}

export function Input({ className, ...rest }: InputHTMLAttributes<HTMLInputElement>) {
  return <input {...rest} className={cn(box, "h-8 pointer-coarse:h-11", className)} />;
}
export function Textarea({ className, ...rest }: ComponentProps<"textarea">) {
  return <textarea {...rest} className={cn(box, "min-h-20 py-1.5", className)} />;
}
export function Select({ className, ...rest }: SelectHTMLAttributes<HTMLSelectElement>) {
  return <select {...rest} className={cn(box, "h-8 pointer-coarse:h-11", className)} />;
}
export function Checkbox({ label, ...rest }: InputHTMLAttributes<HTMLInputElement> & { label: ReactNode }) {
  return (
    <label className="flex min-h-8 items-center gap-2 pointer-coarse:min-h-11">
      <input type="checkbox" {...rest} className="size-4 accent-(--accent)" />
      {label}
    </label>
  );
}
