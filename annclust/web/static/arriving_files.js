/** Pictures dropped or pasted anywhere on the page: look-alikes of them are shown. */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { searchFile } from "./search.js";

/** @param {object} app */
export function listenForFiles(app) {
  const cover = h(
    "div.drop-cover",
    { "aria-hidden": "true", hidden: true },
    icon("upload", 32),
    h("p", { text: "Drop it to find look-alikes" }),
  );
  document.body.append(cover);
  listenForDrops(app, cover);
  document.addEventListener("paste", (event) => {
    const [file] = event.clipboardData?.files ?? [];
    if (file?.type.startsWith("image/")) searchFile(app, file);
  });
}

function listenForDrops(app, cover) {
  let depth = 0;
  const over = (change) => (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    depth = Math.max(0, depth + change);
    cover.hidden = depth === 0;
  };
  document.addEventListener("dragenter", over(1));
  document.addEventListener("dragleave", over(-1));
  document.addEventListener("dragover", over(0));
  document.addEventListener("drop", (event) => {
    const [file] = event.dataTransfer?.files ?? [];
    if (!file) return;
    event.preventDefault();
    depth = 0;
    cover.hidden = true;
    searchFile(app, file);
  });
}
