/**
 * Dark, light, or as the system says: kept in the browser, so that it outlives the page.
 * theme_first.js sets it before the first paint.
 */

const KEPT_AS = "annclust.theme";
const ORDER = ["system", "dark", "light"];

/** @returns {"system" | "dark" | "light"} what was chosen */
export function chosenTheme() {
  const theme = document.documentElement.dataset.theme;
  return theme === "dark" || theme === "light" ? theme : "system";
}

/** Goes to the next of system, dark, light. @returns {string} the new one */
export function nextTheme() {
  const theme = ORDER[(ORDER.indexOf(chosenTheme()) + 1) % ORDER.length];
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  keep(theme);
  return theme;
}

/** @returns {boolean} whether the page is dark now */
export function isDark() {
  const theme = chosenTheme();
  return (
    theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches)
  );
}

/**
 * @param {() => void} listener is told of every change, by a person or by the system
 * @returns {() => void} stops it
 */
export function onThemeChange(listener) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const watcher = new MutationObserver(listener);
  watcher.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  system.addEventListener("change", listener);
  return () => {
    watcher.disconnect();
    system.removeEventListener("change", listener);
  };
}

function keep(theme) {
  try {
    if (theme === "system") localStorage.removeItem(KEPT_AS);
    else localStorage.setItem(KEPT_AS, theme);
  } catch {
    // Private windows may keep nothing; the theme then lasts as long as the page.
  }
}
