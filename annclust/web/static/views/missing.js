/** An address that leads nowhere. */

import { nothingHere } from "../blanks.js";
import { h } from "../dom.js";

export function missingView() {
  const link = h("a.button.primary", { href: "/groups" }, "All groups");
  return {
    title: "Not found",
    element: nothingHere("Nothing here", "This address leads to no view.", "search", [link]),
  };
}
