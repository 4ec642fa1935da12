/** The same page inside a notebook, by anywidget. */

import { App } from "./app.js";
import { CommSource } from "./model/comm.js";
import { Session } from "./model/session.js";

/** @param {{model: any, el: HTMLElement}} view @returns {() => void} ends it */
function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "eg-in-notebook";
  el.append(root);
  const app = new App(root, new Session(new CommSource(model)));
  app.start();
  return () => app.stop();
}

export default { render };
