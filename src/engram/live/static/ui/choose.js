/** Choose the file of a film. */

import { h, say } from "./dom.js";

/**
 * @param {HTMLElement} root @param {(bytes: ArrayBuffer) => Promise<void>} take
 * @returns {(why: string) => void} says what is wrong with a film
 */
export function filmChooser(root, take) {
  const words = h("p", { class: "eg-answer eg-error", role: "alert" });
  const open = async (/** @type {File|undefined} */ file) => {
    if (!file) return;
    try {
      await take(await file.arrayBuffer());
    } catch (error) {
      say(words, `${file.name} can't be played. ${/** @type {Error} */ (error).message}`);
    }
  };
  const input = h("input", { type: "file", accept: ".film", id: "eg-film-file", onchange: () => open(input.files?.[0]) });
  const dark = !matchMedia("(prefers-color-scheme: light)").matches;
  root.classList.add("engram");
  root.dataset.theme = dark ? "dark" : "light";
  root.replaceChildren(
    h(
      "main",
      { class: "eg-choose" },
      h("h1", {}, "Engram"),
      h("p", {}, "Play the film of a brain. It stays on this machine."),
      h("label", { for: "eg-film-file", class: "eg-button eg-main" }, "Choose a .film file, or drop one here"),
      input,
      words,
    ),
  );
  return (why) => say(words, why);
}
