/* Runs in the head, before anything is drawn: a page must not flash in the wrong colours. */
(() => {
  const root = document.documentElement;
  const kept = (store, key) => {
    try {
      return store.getItem(key); // private windows may refuse storage
    } catch {
      return null;
    }
  };
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    root.dataset.theme =
      kept(localStorage, "crmlab.theme") || (system.matches ? "dark" : "light");
    if (document.body) {
      document.body.dataset.jpThemeLight = String(root.dataset.theme === "light");
    }
    document.dispatchEvent(new CustomEvent("crmlab:theme", { detail: root.dataset.theme }));
  };
  system.addEventListener("change", follow);
  window.addEventListener("storage", follow); // another lesson open beside this one
  window.crmlabTheme = follow;
  follow();
  root.classList.toggle("presenting", kept(sessionStorage, "crmlab.present") === "yes");
})();
