"use client";

/** Ends the session and leaves for the sign-in page. The whole page is loaded anew, so nothing of the old session stays. */
export async function signOut(): Promise<void> {
  await fetch("/api/auth/sign-out", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  location.assign("/sign-in");
}

export type Theme = "system" | "light" | "dark";

export function chosenTheme(): Theme {
  const stored = localStorage.getItem("theme");
  return stored === "light" || stored === "dark" ? stored : "system";
}

export function chooseTheme(theme: Theme): void {
  if (theme === "system") {
    localStorage.removeItem("theme");
    delete document.documentElement.dataset["theme"];
  } else {
    localStorage.setItem("theme", theme);
    document.documentElement.dataset["theme"] = theme;
  }
}

/** Signs in. Answers null, or what went wrong. */
export async function signIn(email: string, password: string): Promise<string | null> {
  try {
    const response = await fetch("/api/auth/sign-in/email", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ email, password }),
    });
    if (response.ok) return null;
    if (response.status === 429) return "Too many tries. Wait a minute, then try again.";
    return response.status < 500
      ? "The e-mail address or the password is not right."
      : "Baton could not check the password. Try again.";
  } catch {
    return "Baton could not be reached. Check that it is running, then try again.";
  }
}
