/** Loaded before anything is painted: the theme that was chosen, else the system's. */
(() => {
  const key = "berth.theme";
  const stored = localStorage.getItem(key);
  if (stored === "light" || stored === "dark") document.documentElement.dataset.theme = stored;
})();
