// The form of a rule, alive: parts of it change without a new page, and whom it finds is counted after each change. All of it is the
// server's own answer to the same form; without this script the form's buttons do the same.

const PAUSE_MS = 350;
const PATIENCE_MS = 1500;

export function building(root: Document): void {
  const form = root.querySelector<HTMLFormElement>("#building");
  if (form) new Building(form).start();
}

class Building {
  private timer = 0;
  private asked = 0;
  private counting: AbortController | null = null;
  private shaping: Promise<void> = Promise.resolve();
  private changed = false;
  private leaving = false;

  constructor(private readonly form: HTMLFormElement) {}

  start(): void {
    const { form } = this;
    form.classList.add("live");
    form.addEventListener("input", (event) => this.typed(event));
    form.addEventListener("change", (event) => this.chosen(event));
    form.addEventListener("submit", (event) => this.sent(event));
    form.addEventListener("click", (event) => void this.copy(event));
    addEventListener("beforeunload", (event) => {
      if (this.changed && !this.leaving) event.preventDefault();
    });
    this.revealCopy();
    // A form in which nothing was chosen yet is not told that something is missing.
    const chosen = [...form.querySelectorAll<HTMLSelectElement>("select[id$='-what']")];
    if (chosen.some((each) => each.value)) void this.count();
  }

  private typed(event: Event): void {
    const target = event.target as HTMLElement;
    this.changed = true;
    if (target.id === "json" || target.id === "title" || target.matches("select")) return;
    this.soon();
  }

  private chosen(event: Event): void {
    const target = event.target as HTMLElement;
    // A group's own choice changes the words between its parts, any other select perhaps what stands beside it.
    if (target.matches("select")) this.shape("change");
  }

  private sent(event: SubmitEvent): void {
    const button = event.submitter as HTMLButtonElement | null;
    const act = button?.name === "act" ? button.value : "look";
    if (act === "save") {
      this.leaving = true;
      return;
    }
    event.preventDefault();
    if (act === "look") void this.count();
    else this.shape(act);
  }

  /** Let the server lay the form out anew after a button; one after the other, each with what the one before left. */
  private shape(act: string): void {
    this.changed = true;
    this.shaping = this.shaping.then(() => this.reshape(act)).catch(() => this.say(this.form.dataset["failed"] ?? ""));
  }

  private async reshape(act: string): Promise<void> {
    const here = document.activeElement?.id ?? "";
    const body = new FormData(this.form);
    body.set("act", act);
    const answer = await this.ask(this.form.dataset["part"] ?? "", body);
    const openText = this.form.querySelector<HTMLDetailsElement>("[data-text]")?.open ?? false;
    this.put(answer, true);
    const text = this.form.querySelector<HTMLDetailsElement>("[data-text]");
    if (text && openText) text.open = true;
    this.revealCopy();
    const next = this.form.querySelector<HTMLElement>("#rule [autofocus]") ?? (here ? document.getElementById(here) : null);
    (next ?? this.form.querySelector<HTMLElement>("#rule button, #rule select"))?.focus();
    await this.count();
  }

  private soon(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.count(), PAUSE_MS);
  }

  /** Count whom the rule finds; only the answer to the latest question is shown. */
  private async count(): Promise<void> {
    clearTimeout(this.timer);
    const mine = ++this.asked;
    this.counting?.abort();
    this.counting = new AbortController();
    const waits = this.form.querySelector<HTMLElement>("#count-waits");
    const aside = this.form.querySelector<HTMLElement>(".counted");
    aside?.setAttribute("aria-busy", "true");
    const slow = window.setTimeout(() => {
      if (waits && mine === this.asked) {
        waits.hidden = false;
        waits.textContent = this.form.dataset["slow"] ?? "";
        this.say(waits.textContent);
      }
    }, PATIENCE_MS);
    try {
      const answer = await this.ask(this.form.dataset["count"] ?? "", new FormData(this.form), this.counting.signal);
      if (mine !== this.asked) return;
      this.put(answer, false);
      this.mark();
      this.say([...this.form.querySelectorAll("#count [data-said]")].map((each) => each.textContent?.trim() ?? "").join(". "));
    } catch (error) {
      if (mine === this.asked && !(error instanceof DOMException && error.name === "AbortError")) this.say(this.form.dataset["failed"] ?? "", true);
    } finally {
      clearTimeout(slow);
      if (mine === this.asked) {
        aside?.removeAttribute("aria-busy");
        if (waits && waits.textContent === this.form.dataset["slow"]) waits.hidden = true;
      }
    }
  }

  private async ask(address: string, body: FormData, signal?: AbortSignal): Promise<Document> {
    const told = new URLSearchParams();
    for (const [name, value] of body) if (typeof value === "string") told.append(name, value);
    const answer = await fetch(address, { method: "POST", body: told, credentials: "same-origin", ...(signal ? { signal } : {}) });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  }

  /** Put parts of an answer in their places; a text that somebody is writing in stays as it is. */
  private put(answer: Document, shaped: boolean): void {
    for (const id of ["rule", "count", "text"]) {
      const fresh = answer.getElementById(id);
      const old = this.form.querySelector<HTMLElement>(`#${id}`);
      if (!fresh || !old) continue;
      if (id === "text" && !shaped) this.retell(fresh, old);
      else old.replaceWith(fresh);
    }
  }

  private retell(fresh: HTMLElement, old: HTMLElement): void {
    const [from, to] = [fresh.querySelector("textarea"), old.querySelector("textarea")];
    if (!from || !to || to.value !== to.defaultValue || to === document.activeElement) return;
    to.value = to.defaultValue = from.value;
    const [digest, known] = [fresh, old].map((each) => each.querySelector<HTMLInputElement>("[name='text-digest']"));
    if (digest && known) known.value = digest.value;
  }

  /** Say what is wrong beside the input where it is. */
  private mark(): void {
    for (const each of this.form.querySelectorAll("#rule [aria-invalid], #rule [aria-describedby]")) {
      each.removeAttribute("aria-invalid");
      each.removeAttribute("aria-describedby");
    }
    for (const each of this.form.querySelectorAll<HTMLElement>("#rule .amiss")) each.hidden = true;
    const { path, input, wrong, missing } = this.form.querySelector<HTMLElement>("#count")?.dataset ?? {};
    const place = path ? document.getElementById(`${path}-wrong`) : null;
    if (!place) return;
    place.hidden = false;
    place.textContent = wrong ?? "";
    place.classList.toggle("missing", missing !== undefined);
    const at = input ? document.getElementById(input) : null;
    if (!at || at.matches(".group")) return;
    at.setAttribute("aria-describedby", place.id);
    if (missing === undefined) at.setAttribute("aria-invalid", "true");
  }

  private say(text: string, shown = false): void {
    const said = this.form.querySelector<HTMLElement>("#count-said");
    if (said && said.textContent !== text) said.textContent = text;
    const waits = this.form.querySelector<HTMLElement>("#count-waits");
    if (shown && waits) {
      waits.hidden = false;
      waits.textContent = text;
    }
  }

  private revealCopy(): void {
    for (const each of this.form.querySelectorAll<HTMLElement>("[data-copy]")) each.hidden = false;
  }

  private async copy(event: Event): Promise<void> {
    const button = (event.target as Element).closest<HTMLElement>("[data-copy]");
    const from = button && this.form.querySelector<HTMLTextAreaElement>(`#${button.dataset["copy"]}`);
    if (!from) return;
    try {
      await navigator.clipboard.writeText(from.value);
    } catch {
      // Without https the clipboard is out of reach but for what is selected.
      from.select();
      document.execCommand("copy");
    }
    const said = this.form.querySelector<HTMLElement>("[data-copied]:not(form)");
    if (said) said.textContent = this.form.dataset["copied"] ?? "";
  }
}
