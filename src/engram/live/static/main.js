/** The page's beginning: a socket to a brain, or a film. */

import { App } from "./app.js";
import { openFilm } from "./model/film.js";
import { Session } from "./model/session.js";
import { SocketSource } from "./model/socket.js";
import { bytesOf } from "./model/wire.js";
import { filmChooser } from "./ui/choose.js";

const root = /** @type {HTMLElement} */ (document.getElementById("engram"));
const options = { canvas: new URLSearchParams(location.search).has("canvas"), keys: document };

/** @type {App|null} */
let app = null;

/** Says why a film can't be played, where no brain is shown. @type {(words: string) => void} */
let complain = () => {};

/** @param {any} source */
function begin(source) {
  app?.stop();
  app = new App(root, new Session(source), options);
  app.start();
  Object.assign(globalThis, { engram: app });
}

async function main() {
  const film = document.getElementById("engram-film");
  if (film) begin(await openFilm(bytesOf((film.textContent ?? "").trim())));
  else if (location.pathname.endsWith("/player")) complain = filmChooser(root, async (file) => begin(await openFilm(file)));
  else begin(new SocketSource());
}

// A film that is dropped on the page is played in place of what is shown.
root.addEventListener("dragover", (event) => event.preventDefault());
root.addEventListener("drop", async (event) => {
  event.preventDefault();
  const file = event.dataTransfer?.files[0];
  if (!file) return;
  try {
    begin(await openFilm(await file.arrayBuffer()));
  } catch (error) {
    const words = `${file.name} can't be played. ${/** @type {Error} */ (error).message}`;
    if (app) app.banner.tell(words);
    else complain(words);
  }
});

main().catch((error) => {
  root.textContent = `This film can't be played: ${error.message}`;
});
