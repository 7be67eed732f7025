import type { ReactNode } from "react";
import { BatonMark } from "../shell/baton-mark.tsx";

/** The frame of the pages before one is signed in: the form on the left, what Baton is on the right. */
export function Entry({ title, about, children }: { title: string; about: string; children: ReactNode }) {
  return (
    <div className="grid min-h-dvh lg:grid-cols-[minmax(420px,1fr)_1.2fr]">
      <main className="flex flex-col justify-center px-5 py-8 sm:px-12">
        <div className="mx-auto flex w-full max-w-[400px] flex-col gap-5">
          <p className="flex items-center gap-2 font-semibold">
            <BatonMark /> Baton
          </p>
          <div>
            <h1 className="[font:var(--type-20)]">{title}</h1>
            <p className="mt-1 text-(--text-2)">{about}</p>
          </div>
          {children}
        </div>
      </main>
      <aside
        aria-label="About Baton"
        className="hidden flex-col justify-center border-l border-(--border) bg-(--surface) px-14 lg:flex"
      >
        <div className="max-w-[520px]">
          <p className="[font:var(--type-24)]">Where a team conducts its agents.</p>
          <p className="mt-2 text-(--text-2) [font:var(--type-14)]">
            A flow says who does what: agents, tools and people. Baton carries it out, never drops it, and
            shows each step as it happens.
          </p>
          <ol className="mt-8 flex flex-col gap-0 [font:var(--type-14)]">
            {steps.map(([name, what], index) => (
              <li key={name} className="flex gap-3">
                <span className="flex flex-col items-center">
                  <span
                    className="mt-1.5 size-2.5 rounded-full border-2 border-(--accent)"
                    style={
                      index === 2 ? { borderColor: "var(--wait)", background: "var(--wait-soft)" } : undefined
                    }
                  />
                  {index < steps.length - 1 ? <span className="w-px flex-1 bg-(--border-strong)" /> : null}
                </span>
                <span className="pb-5">
                  <span className="font-semibold">{name}</span>
                  <span className="block text-(--text-2)">{what}</span>
                </span>
              </li>
            ))}
          </ol>
        </div>
      </aside>
    </div>
  );
}

const steps = [
  ["An agent reads the request", "Its reasoning streams in while it works."],
  ["It calls only what it was granted", "Arguments and results are there to see."],
  ["A person decides what is risky", "They approve the exact bytes that will be sent."],
  ["Everyone can look it up", "Who did what, and why, stays in the audit."],
] as const;
