// Says when the connection is lost, and takes that back by itself when it returns.
"use strict";

(() => {
  const SILENT_MS = 30000;
  const GRACE_MS = 3000;
  const live = document.getElementById("live");
  const lost = document.getElementById("lost");
  if (!live || !lost) return;

  let heard = Date.now();
  let brokenSince = null;

  function clockTime(ms) {
    return new Date(ms).toISOString().slice(11, 19) + " UTC";
  }

  function show() {
    const broken = brokenSince !== null && Date.now() - brokenSince > GRACE_MS;
    const isLost = broken || Date.now() - heard > SILENT_MS;
    if (isLost === document.body.classList.contains("is-lost")) return;
    document.body.classList.toggle("is-lost", isLost);
    document.getElementById("pulse").textContent = isLost ? "Not live" : "Live";
    lost.textContent = isLost
      ? `No connection to NIJA: the figures are those of ${clockTime(heard)}. Trying again …`
      : "";
  }

  live.addEventListener("htmx:sseError", (event) => {
    brokenSince = brokenSince ?? Date.now();
    // The session has ended, or the page is gone: the server says what now.
    if (event.detail.source.readyState === EventSource.CLOSED) checkSession();
  });
  live.addEventListener("htmx:sseOpen", () => {
    brokenSince = null;
    heard = Date.now();
    show();
  });
  live.addEventListener("htmx:sseBeforeMessage", (event) => {
    heard = Date.now();
    if (event.detail.type === "reload") {
      event.preventDefault();
      window.location.reload();
    }
  });
  window.setInterval(show, 1000);

  // What the reader has opened or closed stays so when its slot gets new content.
  let toggled = new Map();
  live.addEventListener("htmx:sseBeforeMessage", (event) => {
    toggled = new Map([...event.target.querySelectorAll("details[id]")].map((one) => [one.id, one.open]));
  });
  live.addEventListener("htmx:sseMessage", (event) => {
    for (const one of event.target.querySelectorAll("details[id]")) one.open = toggled.get(one.id) ?? one.open;
  });

  async function checkSession() {
    try {
      const answer = await fetch(window.location.href, { method: "HEAD", redirect: "manual", cache: "no-store" });
      if (answer.type === "opaqueredirect" || answer.status === 401) window.location.reload();
    } catch {
      // No connection: the stream tries again by itself.
    }
  }
})();
