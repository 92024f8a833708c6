/* The chosen theme, before the first paint: the one script that is no module, so that it blocks. */
"use strict";
(function chosenTheme() {
  let theme = null;
  try {
    theme = localStorage.getItem("annclust.theme");
  } catch {
    // A browser that keeps nothing gets the theme of the system.
  }
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
})();
