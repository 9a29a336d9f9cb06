// Parts of a page that renew themselves: asked for again every few seconds while somebody looks, and left alone while paused.
export function live(root: ParentNode): void {
  for (const part of root.querySelectorAll<HTMLElement>("[data-live]")) follow(part);
}

function follow(part: HTMLElement): void {
  const seconds = Number(part.dataset["seconds"]) || 2;
  const pause = document.querySelector<HTMLButtonElement>(`button[data-pauses="${part.id}"]`);
  let paused = false;
  let failed = 0;
  if (pause) {
    pause.hidden = false;
    pause.addEventListener("click", () => {
      paused = !paused;
      pause.setAttribute("aria-pressed", String(paused));
      if (!paused) void look();
    });
  }
  const wait = () => setTimeout(() => void look(), 1000 * seconds * Math.min(2 ** failed, 16));
  let timer = wait();

  async function look(): Promise<void> {
    clearTimeout(timer);
    const address = part.dataset["live"];
    // Who reads in it, or looks at something else, is not disturbed, and asks nobody.
    if (paused || document.hidden || !address) {
      timer = wait();
      return;
    }
    try {
      const answer = await fetch(address, { headers: { "X-Part": part.id } });
      if (answer.redirected) return location.assign(answer.url);
      if (!answer.ok) throw new Error(String(answer.status));
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
      failed = 0;
      if (fresh && !paused && fresh.innerHTML !== part.innerHTML) renew(part, fresh);
      if (fresh && !fresh.dataset["live"]) return;
      if (fresh?.dataset["live"]) part.dataset["live"] = fresh.dataset["live"];
    } catch {
      failed += 1;
    }
    timer = wait();
  }
}

/** Take over what is new; where the focus is in the part it goes back to the link that had it. */
function renew(part: HTMLElement, fresh: HTMLElement): void {
  const focus = part.contains(document.activeElement) ? document.activeElement?.getAttribute("href") : null;
  const known = new Set(ids(part));
  part.replaceChildren(...fresh.childNodes);
  for (const row of part.querySelectorAll<HTMLElement>("[data-id]")) {
    row.classList.toggle("new", known.size > 0 && !known.has(row.dataset["id"] ?? ""));
  }
  if (focus) part.querySelector<HTMLElement>(`a[href="${CSS.escape(focus)}"]`)?.focus();
}

function ids(part: HTMLElement): string[] {
  return [...part.querySelectorAll<HTMLElement>("[data-id]")].map((row) => row.dataset["id"] ?? "");
}
