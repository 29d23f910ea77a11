"use strict";
// The server renders the whole page, so it also works without this script. The script fetches the page again every two
// seconds and patches what has changed, which keeps open details, selections and the scroll position. A fetched page is
// parsed into a separate document in which no script runs; only text and attributes are copied from it.
(() => {
  const PAUSE = 2000;
  // A server that takes longer to answer counts as unresponsive.
  const PATIENCE = 5000;
  const KEPT = new Set(["open"]);

  const update = (from, to) => {
    if (from.nodeType === Node.TEXT_NODE) {
      if (from.data !== to.data) from.data = to.data;
      return;
    }
    for (const { name } of [...from.attributes]) {
      if (!to.hasAttribute(name) && !KEPT.has(name)) from.removeAttribute(name);
    }
    for (const { name, value } of to.attributes) {
      if (from.getAttribute(name) !== value) from.setAttribute(name, value);
    }
    updateChildren(from, to);
  };

  const keyOf = (node) => node.dataset?.key;

  // Elements with a key are matched by key, all others by position.
  const updateChildren = (from, to) => {
    const keyed = new Map();
    for (const child of from.children) if (keyOf(child)) keyed.set(keyOf(child), child);
    let at = from.firstChild;
    for (const wanted of to.childNodes) {
      const key = keyOf(wanted);
      const isAlike = at && !keyOf(at) && at.nodeName === wanted.nodeName;
      const found = key ? keyed.get(key) : isAlike && at;
      if (!found) {
        from.insertBefore(document.importNode(wanted, true), at);
        continue;
      }
      if (found === at) at = at.nextSibling;
      else from.insertBefore(found, at);
      update(found, wanted);
    }
    while (at) {
      const next = at.nextSibling;
      at.remove();
      at = next;
    }
  };

  const filter = document.getElementById("filter");
  let number = 0;
  let answered = new Date();

  const tell = (state, text) => {
    const live = document.getElementById("live");
    live.dataset.state = state;
    live.textContent = text;
  };

  const refresh = async () => {
    const mine = ++number;
    try {
      const signal = AbortSignal.timeout(PATIENCE);
      const response = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store", signal });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      if (mine !== number) return;
      for (const id of ["about", "main"]) {
        const fetched = page.getElementById(id);
        if (!fetched) throw new Error("this is another page");
        update(document.getElementById(id), fetched);
      }
      document.title = page.title;
      answered = new Date();
      tell("live", "live");
    } catch {
      if (mine === number) tell("lost", `no answer since ${answered.toLocaleTimeString()}`);
    }
  };

  const go = (url, replaces) => {
    if (replaces) history.replaceState(null, "", url);
    else history.pushState(null, "", url);
    return refresh();
  };

  let waiting;
  const filterBy = () => {
    const url = new URL(location.href);
    url.searchParams.delete("method");
    if (filter.value) url.searchParams.set("filter", filter.value);
    else url.searchParams.delete("filter");
    go(url, true);
  };
  filter.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filterBy, 120);
  });
  filter.form.addEventListener("submit", (event) => {
    event.preventDefault();
    filterBy();
  });

  // Links to this page, unless they should open elsewhere.
  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.('a[href^="?"]');
    if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    clearTimeout(waiting);
    const url = new URL(link.getAttribute("href"), location.href);
    const isElsewhere = url.searchParams.get("method") !== new URL(location.href).searchParams.get("method");
    await go(url);
    filter.value = url.searchParams.get("filter") ?? "";
    if (isElsewhere) scrollTo(0, 0);
  });
  addEventListener("popstate", () => {
    clearTimeout(waiting);
    filter.value = new URL(location.href).searchParams.get("filter") ?? "";
    refresh();
  });

  const tick = async () => {
    if (!document.hidden) await refresh();
    setTimeout(tick, PAUSE);
  };
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
  tell("live", "live");
  setTimeout(tick, PAUSE);
})();
