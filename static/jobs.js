/* Keeps the progress bars of long work up to date; loads the page anew when one has ended. */
(() => {
  "use strict";
  const PAUSE = 1000;
  const SLOWEST = 15000;

  async function watch(card, pause) {
    let next = Math.min(pause * 1.5, SLOWEST); // a server out of reach is asked less and less often
    try {
      const answer = await fetch(card.dataset.zxJob, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        const job = await answer.json();
        card.querySelector("progress").value = job.percent;
        card.querySelector("[data-zx-job-percent]").textContent = job.percent;
        card.querySelector("[data-zx-job-label]").textContent = job.label;
        if (job.over) {
          window.location.reload();
          return;
        }
        next = PAUSE;
      } else if (answer.status < 500) {
        return; // signed out, or no longer ours to see
      }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // TypeError: the network
    }
    setTimeout(watch, next, card, next);
  }

  for (const card of document.querySelectorAll("[data-zx-job]")) {
    if (card.dataset.zxWatched) continue;
    card.dataset.zxWatched = "yes";
    setTimeout(watch, PAUSE, card, PAUSE);
  }
})();
