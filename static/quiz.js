// The paper: saves each answer as it is given, keeps the numbers and the clock, moves steps up and down.
// Without this script the paper works by its plain form.
(() => {
  "use strict";
  const form = document.querySelector("form[data-quiz]");
  if (!form) return;
  const text = form.dataset;
  const state = form.querySelector("[data-quiz-state]");
  const clock = form.querySelector("[data-quiz-clock]");
  const warning = form.querySelector("[data-quiz-warning]");
  const token = form.elements.csrf_token;
  const entrance = form.querySelector("[data-quiz-sign-in]");
  const refused = new Set(); // items whose last answer the server did not take
  const pending = new Map(); // item → timer or running save; one save of an item at a time, the last wins
  let end = performance.now() + Number(text.seconds) * 1000;
  let leaving = false;

  const show = () => {
    const busy = [...pending.values()];
    if (busy.some((one) => one.failed)) state.textContent = text.unsaved;
    else if (busy.length) state.textContent = text.saving;
    else state.textContent = refused.size ? text.refused : text.saved;
    state.toggleAttribute("data-bad", state.textContent === text.unsaved || state.textContent === text.refused);
  };

  const fieldsOf = (item) => {
    const data = new URLSearchParams();
    for (const field of item.querySelectorAll("input, select, textarea")) {
      if ((field.type === "radio" || field.type === "checkbox") && !field.checked) continue;
      data.append(field.name, field.value);
    }
    return data;
  };

  const tell = (item, answer) => {
    const link = form.querySelector(`[data-quiz-link="${item.dataset.quizItem}"]`);
    link.dataset.fill = answer.fill;
    const words = link.querySelector("[data-quiz-fill]");
    words.textContent = words.dataset[answer.fill];
    item.querySelector("[data-quiz-note]").textContent = answer.note;
  };

  // Signed out in the middle, or signed in anew in another window: the page needs a fresh token, and until
  // somebody is signed in it says so and goes on trying.
  const renew = async () => {
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("form[data-quiz] [name=csrf_token]");
    entrance.hidden = Boolean(fresh);
    if (fresh) token.value = fresh.value;
    return Boolean(fresh);
  };

  const save = async (item) => {
    const entry = { running: true, again: false, failed: false };
    pending.set(item, entry);
    show();
    let retry = false;
    let wait = 4000;
    try {
      const answer = await fetch(item.dataset.url, {
        method: "POST",
        headers: { "X-CSRFToken": token.value, Accept: "application/json" },
        body: fieldsOf(item),
      });
      const said = await answer.json();
      if (answer.ok) {
        refused.delete(item);
        tell(item, said);
        end = Math.min(end, performance.now() + said.seconds_left * 1000);
      } else if (answer.status === 400 || answer.status === 401) {
        retry = true;
        if (await renew()) wait = 200;
      } else if (answer.status >= 500) {
        retry = true;
      } else {
        refused.add(item);
        item.querySelector("[data-quiz-note]").textContent = said.error || text.refused;
      }
    } catch {
      retry = true;
    }
    pending.delete(item);
    if (retry) {
      const timer = setTimeout(() => save(item), wait);
      pending.set(item, { timer, failed: true });
    } else if (entry.again) {
      save(item);
    }
    show();
  };

  const later = (item, wait) => {
    const entry = pending.get(item);
    if (entry?.running) {
      entry.again = true;
      return;
    }
    if (entry) clearTimeout(entry.timer);
    pending.set(item, { timer: setTimeout(() => save(item), wait), failed: false });
    show();
  };

  form.addEventListener("input", (event) => {
    const item = event.target.closest("[data-quiz-item]");
    if (item) later(item, event.target.matches("[type=text], textarea") ? 700 : 0);
  });

  // Ordering: the buttons move a step and number all of them from the top.
  for (const list of form.querySelectorAll("[data-quiz-order]")) {
    for (const moves of list.querySelectorAll(".quiz-moves")) moves.hidden = false;
    list.addEventListener("click", (event) => {
      const button = event.target.closest("[data-quiz-move]");
      if (!button) return;
      const step = button.closest("li");
      const other = button.dataset.quizMove === "-1" ? step.previousElementSibling : step.nextElementSibling;
      if (other) list.insertBefore(...(button.dataset.quizMove === "-1" ? [step, other] : [other, step]));
      [...list.children].forEach((row, place) => {
        row.querySelector("select").value = String(place + 1);
      });
      button.focus();
      later(list.closest("[data-quiz-item]"), 300);
    });
  }

  form.addEventListener("submit", () => {
    leaving = true;
  });
  addEventListener("beforeunload", (event) => {
    if (!leaving && pending.size) event.preventDefault();
  });

  const told = new Set();
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    for (const [limit, words] of [[300, text.soon], [60, text.last]]) {
      if (left <= limit && left > 0 && Number(text.seconds) > limit && !told.has(limit)) {
        told.add(limit);
        clock.dataset.soon = "";
        warning.textContent = words;
        warning.classList.remove("visually-hidden");
      }
    }
    if (left > 0 || leaving) return;
    if (!navigator.onLine) return;
    leaving = true;
    clearInterval(beat);
    warning.textContent = text.over;
    warning.classList.remove("visually-hidden");
    const then = document.createElement("input");
    Object.assign(then, { type: "hidden", name: "then", value: "submit" });
    form.append(then);
    form.submit();
  };
  // Out of the browser's memory the page would show a paper that may have been handed in since.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  const beat = setInterval(tick, 500);
  tick();
})();
