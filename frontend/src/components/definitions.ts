// Definitions behind a "?" work without this; with it, one is open at a time and Escape or a click elsewhere closes it.

export function definitions(root: Document): void {
  const open = () => [...root.querySelectorAll<HTMLDetailsElement>("details.why[open]")];
  root.addEventListener("toggle", (event) => {
    const made = event.target;
    if (made instanceof HTMLDetailsElement && made.matches(".why") && made.open)
      for (const other of open()) if (other !== made) other.open = false;
  }, true);
  root.addEventListener("click", (event) => {
    for (const each of open()) if (!each.contains(event.target as Node)) each.open = false;
  });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const each of open()) {
      each.open = false;
      each.querySelector("summary")?.focus();
    }
  });
}
