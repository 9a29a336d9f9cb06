// Light or dark: the system's choice until the reader makes their own, which this browser then remembers.

const KEY = "regulars-theme";

/** Wire the toggle; `changed` is called after every change of theme. */
export function theming(changed: () => void): void {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const button = document.querySelector<HTMLButtonElement>("[data-theme-toggle]");
  const isDark = () => (root.dataset["theme"] ? root.dataset["theme"] === "dark" : dark.matches);
  const show = () => {
    button?.setAttribute("aria-pressed", String(isDark()));
    changed();
  };
  const kept = remembered();
  if (kept) root.dataset["theme"] = kept;
  button?.addEventListener("click", () => {
    const next = isDark() ? "light" : "dark";
    root.dataset["theme"] = next;
    remember(next);
    show();
  });
  dark.addEventListener("change", show);
  button?.setAttribute("aria-pressed", String(isDark()));
}

function remembered(): string | null {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : null;
  } catch {
    return null; // a page opened from disk may have no storage
  }
}

function remember(theme: string): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // without storage the choice lasts as long as the page
  }
}
