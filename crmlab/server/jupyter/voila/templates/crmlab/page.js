/* The page around a lesson: theme, presenting, and what to say while the desk is set up or when
   its kernel is gone. Texts come from the template, so that they can be translated. */
(() => {
  const root = document.documentElement;
  const $ = (id) => document.getElementById(id);
  const keep = (store, key, value) => {
    try {
      store.setItem(key, value);
    } catch {
      /* the choice then holds for this page only */
    }
  };

  const themeButton = $("theme");
  const nameTheme = () => {
    const next = root.dataset.theme === "dark" ? "light" : "dark";
    themeButton.textContent = themeButton.dataset[next];
  };
  document.addEventListener("crmlab:theme", nameTheme);
  themeButton.addEventListener("click", () => {
    keep(localStorage, "crmlab.theme", root.dataset.theme === "dark" ? "light" : "dark");
    window.crmlabTheme();
  });
  window.crmlabTheme();

  const presentButton = $("present");
  const showPresenting = (on) => {
    root.classList.toggle("presenting", on);
    presentButton.setAttribute("aria-pressed", String(on));
    window.dispatchEvent(new Event("resize")); // figures measure their room again
  };
  presentButton.addEventListener("click", () => {
    const on = !root.classList.contains("presenting");
    keep(sessionStorage, "crmlab.present", on ? "yes" : "no");
    showPresenting(on);
  });
  presentButton.setAttribute("aria-pressed", String(root.classList.contains("presenting")));

  /* The parts of the page, to jump to. Those that a kernel draws are there when it is ready. */
  const contents = $("contents");
  const headings = () => [
    ...document.querySelectorAll("#cells .text h2, #cells h2.part"),
  ].filter((heading) => !heading.closest(".trainer-notes"));
  const listContents = () => {
    const items = headings().map((heading) => {
      const link = document.createElement("a");
      link.href = "#";
      link.textContent = heading.textContent.replace(/¶$/, "").trim();
      link.addEventListener("click", (event) => {
        event.preventDefault();
        contents.open = false;
        heading.tabIndex = -1;
        heading.focus({ preventScroll: true });
        heading.scrollIntoView({ block: "start" });
      });
      const item = document.createElement("li");
      item.append(link);
      return item;
    });
    contents.querySelector("ol").replaceChildren(...items);
    contents.hidden = items.length < 2;
  };
  contents.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !contents.open) return;
    contents.open = false;
    contents.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    if (!contents.contains(event.target)) contents.open = false;
  });

  /* Numbers such as CU-095 and shares such as 3 % are not broken at the end of a line. */
  const keepWhole = () => {
    const texts = [];
    for (const part of cells.querySelectorAll(".text, .jp-RenderedMarkdown")) {
      const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) texts.push(walker.currentNode);
    }
    for (const text of texts) {
      const pieces = text.data.split(/(\b[A-Z]{1,3}-\d+(?:-\d+)*\b|\d[\d.,]* %)/);
      if (pieces.length < 2) continue;
      const kept = pieces.map((piece, n) => {
        if (n % 2 === 0) return piece;
        const whole = document.createElement("span");
        whole.className = "whole";
        whole.textContent = piece;
        return whole;
      });
      text.replaceWith(...kept);
    }
  };

  /* A lost connection may come back, and then the page is as it was; a lost kernel does not. */
  let leaving = false;
  let reason = "";
  const lost = (why) => {
    if (leaving || reason === "kernel" || reason === why) return;
    reason = why;
    $("setting-up").textContent = "";
    $("lost-text").textContent = $("lost").dataset[why];
    $("lost").hidden = false;
    root.dataset.state = "lost";
  };
  const found = () => {
    if (reason !== "connection" || !cells.dataset.ready) return;
    reason = "";
    $("lost").hidden = true;
    root.dataset.state = "ready";
  };
  window.addEventListener("pagehide", () => (leaving = true));
  window.addEventListener("beforeunload", () => (leaving = true));
  $("reload").addEventListener("click", () => window.location.reload());

  /* An output is in place when its script has become an element, and a widget when something is
     drawn in its view. A widget may have nothing to draw: after some seconds it is taken so. */
  const cells = $("cells");
  let patient = true;
  const waiting = () =>
    cells.querySelector('script[type^="application/vnd.voila"]') ||
    (patient &&
      [...cells.querySelectorAll(".lm-Panel.jp-OutputArea-output")].some(
        (output) => !output.querySelector(":scope > .lm-Widget > *"),
      ));
  const ready = () => {
    if (root.dataset.state !== "setting-up" || waiting()) return;
    watcher.disconnect();
    root.dataset.state = "ready";
    cells.dataset.ready = "yes";
    keepWhole();
    listContents();
    $("setting-up").textContent = $("setting-up").dataset.ready;
    window.dispatchEvent(new Event("resize"));
  };
  const watcher = new MutationObserver(ready);

  /* A kernel that was shut down from elsewhere says nothing to this page: so it is asked. */
  const ask = async (url) => {
    if (root.dataset.state === "setting-up" || document.hidden) return;
    try {
      const answer = await fetch(url);
      if (answer.status === 404) lost("kernel");
    } catch {
      lost("connection");
    }
  };
  const listen = (kernel) => {
    const url = `${document.body.dataset.base}api/kernels/${kernel.id}`;
    const look = () => ask(url);
    window.addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    setInterval(look, 10000);
    kernel.statusChanged.connect((_, status) => {
      if (["dead", "autorestarting", "restarting"].includes(status)) lost("kernel");
    });
    kernel.connectionStatusChanged.connect((_, status) => {
      if (status === "disconnected") lost("connection");
      if (status === "connecting") setTimeout(look, 500);
      if (status === "connected") found();
    });
  };

  window.addEventListener("load", async () => {
    if (!cells.dataset.complete) return lost("connection"); // the stream broke off
    listContents();
    const patience = setTimeout(() => lost("connection"), 60000);
    while (!window.jupyterapp) await new Promise((go) => setTimeout(go, 20));
    const manager = await window.jupyterapp.widgetManagerPromise.promise;
    clearTimeout(patience);
    listen(manager.kernel);
    watcher.observe(cells, { childList: true, subtree: true });
    ready();
    setTimeout(() => {
      patient = false;
      ready();
    }, 10000);
  });
})();
