// The scheme editor: rows and presets without leaving the page, and the preview while one types.
// Without this script the same buttons load the same page from the server.
(() => {
  "use strict";
  const form = document.querySelector("form[data-zx-scheme]");
  if (!form) return;
  const PAUSE = 700;
  const status = form.querySelector("[data-zx-status]");
  const builder = () => document.getElementById("zx-builder");
  const preview = () => document.getElementById("zx-preview");
  let timer = 0;
  let asked = null;
  form.setAttribute("data-zx-live", "");

  const send = (action, more, signal) => {
    const body = new URLSearchParams(new FormData(form));
    body.set("do", action);
    const headers = more ? { "X-Zhixing-Part": more } : {};
    return fetch(form.dataset.zxDraft, { method: "POST", body, headers, signal, credentials: "same-origin", redirect: "error" });
  };

  // ---- problems beside their fields, as the server would print them

  const unmark = () => {
    for (const note of form.querySelectorAll("[data-zx-note]")) note.remove();
    for (const field of form.querySelectorAll("[data-zx-marked]")) {
      field.classList.remove("is-invalid");
      field.removeAttribute("aria-invalid");
      field.removeAttribute("data-zx-marked");
      const kept = field.dataset.zxDescribed;
      if (kept) field.setAttribute("aria-describedby", kept);
      else field.removeAttribute("aria-describedby");
    }
  };
  const mark = () => {
    unmark();
    preview().querySelectorAll("[data-zx-field]").forEach((one, at) => {
      const field = document.getElementById(one.dataset.zxField);
      if (!field || !builder().contains(field)) return;
      const told = field.parentElement.querySelector(".zx-error:not([data-zx-note])");
      if (told && told.textContent.includes(one.dataset.zxText)) return;
      const note = document.createElement("div");
      note.className = "zx-error";
      note.id = `zx-note-${at}`;
      note.dataset.zxNote = "";
      note.textContent = one.dataset.zxText;
      field.insertAdjacentElement("afterend", note);
      if (!field.matches("input, select, textarea")) return;
      if (!field.hasAttribute("data-zx-marked")) field.dataset.zxDescribed = field.getAttribute("aria-describedby") || "";
      field.dataset.zxMarked = "";
      field.classList.add("is-invalid");
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", `${field.dataset.zxDescribed} ${note.id}`.trim());
    });
  };

  // ---- the preview

  const look = async () => {
    if (asked) asked.abort();
    asked = new AbortController();
    const mine = asked;
    try {
      const answer = await send("preview", "preview", mine.signal);
      if (!answer.ok) return;
      const text = await answer.text();
      if (mine.signal.aborted) return;
      const here = document.activeElement;
      const inside = preview().contains(here) ? here.id : "";
      const [from, to] = inside && here.selectionStart !== undefined ? [here.selectionStart, here.selectionEnd] : [null, null];
      const open = [...preview().querySelectorAll("details")].map((one) => one.open);
      const top = preview().scrollTop;
      preview().innerHTML = text;
      preview().querySelectorAll("details").forEach((one, at) => { one.open = Boolean(open[at]); });
      preview().scrollTop = top;
      const again = inside && document.getElementById(inside);
      if (again) {
        again.focus();
        if (from !== null && again.setSelectionRange) again.setSelectionRange(from, to);
      }
      mark();
      status.textContent = status.dataset.zxDone;
    } catch (error) {
      if (error.name !== "AbortError") status.textContent = "";
    }
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE);
  };

  // ---- rows and presets

  // What is typed while the answer is on its way is put into the rows that come; where rows change their
  // names, nothing can be typed until they stand. One change waits for the one before.
  const later = new Map();
  let waiting = false;
  let turn = Promise.resolve();
  const swap = (action, focus) => {
    const mine = turn.then(() => change(action, focus));
    turn = mine.catch(() => {});
    return mine;
  };
  const change = async (action, focus) => {
    clearTimeout(timer);
    later.clear();
    waiting = true;
    const renames = /^(up|down|remove) /.test(action);
    const asker = document.activeElement;
    if (renames) builder().inert = true;
    let page;
    try {
      const answer = await send(action);
      if (!answer.ok) throw new Error(String(answer.status));
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } finally {
      waiting = false;
      builder().inert = false;
    }
    const fresh = page.getElementById("zx-builder");
    if (!fresh) throw new Error("no editor in the answer");
    const open = new Set([...builder().querySelectorAll("details[open]")].map((one) => one.id));
    const here = document.activeElement;
    const typing = !renames && here !== asker && builder().contains(here) && here.matches("input, select, textarea") ? here : null;
    const place = typing && typing.matches("input, textarea") ? [typing.selectionStart, typing.selectionEnd] : null;
    builder().replaceWith(fresh);
    for (const [name, value] of later) {
      const field = form.elements.namedItem(name);
      if (field && "value" in field) field.value = value;
    }
    if (action === "example") preview().replaceWith(page.getElementById("zx-preview"));
    for (const one of builder().querySelectorAll("details")) if (open.has(one.id)) one.open = true;
    const again = typing && document.getElementById(typing.id);
    if (again) {
      again.focus();
      if (place && again.setSelectionRange) again.setSelectionRange(...place);
      soon();
      return;
    }
    const name = focus || fresh.dataset.zxFocus;
    const row = name && (document.getElementById(name) || document.getElementById(`${name}-row`));
    if (row) {
      for (let one = row; one; one = one.parentElement) if (one.tagName === "DETAILS") one.open = true;
      const first = row.matches("input, select") ? row : row.querySelector("input:not([type=hidden]), select, button");
      if (first) first.focus();
    }
    soon();
  };

  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    const action = button && button.name === "do" ? button.value : "";
    if (!action || form.hasAttribute("data-zx-plain")) return;
    event.preventDefault();
    if (action === "preview") {
      look();
      return;
    }
    swap(action).catch(() => {
      // The plain way shows whatever stands against it.
      form.setAttribute("data-zx-plain", "");
      form.requestSubmit(button);
    });
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.closest("#zx-preview") || !event.target.matches("input")) return;
    event.preventDefault();
    look();
  });
  form.addEventListener("change", (event) => {
    const field = event.target;
    if (waiting && field.name && field.type !== "checkbox") later.set(field.name, field.value);
    if (/-(mode|missing|zero|reference|position)$/.test(field.name || "") && /^sections-/.test(field.name)) {
      swap("preset", field.id).catch(soon);
      return;
    }
    if (field.closest("#zx-preview")) look();
    else soon();
  });
  form.addEventListener("input", (event) => {
    if (waiting && event.target.name && event.target.type !== "checkbox") later.set(event.target.name, event.target.value);
    if (event.target.matches("input, textarea")) soon();
  });
  look();
})();
