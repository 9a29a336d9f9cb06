// Files are sent with a bar that moves; without this the same form is sent by the browser itself.
export function uploading(root: ParentNode): void {
  for (const form of root.querySelectorAll<HTMLFormElement>("form.uploading")) prepare(form);
}

function prepare(form: HTMLFormElement): void {
  const zone = form.querySelector<HTMLElement>("[data-drop]");
  const field = form.querySelector<HTMLInputElement>("input[type=file]");
  const state = form.querySelector<HTMLElement>("[role=status]");
  const button = form.querySelector("button");
  if (!zone || !field || !state || !button) return;
  const over = (on: boolean) => zone.classList.toggle("over", on);
  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      over(true);
    });
  }
  zone.addEventListener("dragleave", () => over(false));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    const files = event.dataTransfer?.files;
    if (!files?.length || button.disabled) return;
    field.files = files;
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const most = Number(state.dataset["most"]) * 2 ** 20;
    if (most && [...(field.files ?? [])].some((file) => file.size > most)) return say(form, state.dataset["large"] ?? "", true);
    send(form, field, state, button);
  });
}

function say(form: HTMLFormElement, text: string, wrong: boolean): void {
  const state = form.querySelector<HTMLElement>("[role=status]");
  if (!state) return;
  state.textContent = text;
  state.classList.toggle("bad", wrong);
}

function send(form: HTMLFormElement, field: HTMLInputElement, state: HTMLElement, button: HTMLButtonElement): void {
  const bar = form.querySelector("progress");
  const box = form.querySelector<HTMLElement>(".sending");
  const names = [...(field.files ?? [])].map((file) => file.name).join(", ");
  const request = new XMLHttpRequest();
  const end = (text: string) => {
    button.disabled = false;
    if (box) box.hidden = true;
    say(form, text, true);
  };
  request.upload.addEventListener("progress", (event) => {
    if (bar && event.lengthComputable) bar.value = (100 * event.loaded) / event.total;
    if (event.loaded === event.total) say(form, state.dataset["checking"] ?? "", false);
  });
  request.addEventListener("error", () => end(state.dataset["lost"] ?? ""));
  request.addEventListener("load", () => {
    if (request.status < 400) return location.assign(request.responseURL);
    const told = new DOMParser().parseFromString(request.responseText, "text/html");
    end((told.querySelector("main .said.wrong") ?? told.querySelector("main"))?.textContent?.trim() ?? "");
  });
  request.open("POST", form.action);
  request.send(new FormData(form));
  button.disabled = true;
  if (box) box.hidden = false;
  if (bar) bar.value = 0;
  say(form, `${state.dataset["sending"] ?? ""} ${names}`, false);
}
