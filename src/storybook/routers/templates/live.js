// Shows the page as it is by now, every few seconds, without losing the place. Parts that somebody has opened stay.
"use strict";
(() => {
  const shown = () => document.getElementById("live");
  const every = Number(shown()?.dataset.every);
  if (!every) return;

  const isUsed = (part) => part.querySelector("details[open]") || part.contains(document.activeElement);

  async function look() {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
    if (answer.status === 401) return location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = fresh.getElementById("live");
    const kept = next.querySelector("[data-keep]");
    const old = shown().querySelector("[data-keep]");
    if (kept && old && isUsed(old)) kept.replaceWith(old);
    shown().replaceWith(next);
    document.title = fresh.title;
    return Number(next.dataset.every);
  }

  async function again(wait) {
    await new Promise((done) => setTimeout(done, wait));
    if (document.hidden) return again(wait);
    try {
      wait = await look();
      document.body.classList.remove("stale");
    } catch {
      document.body.classList.add("stale");
      wait = every * 2;
    }
    if (wait) again(wait);
  }

  again(every);
})();
