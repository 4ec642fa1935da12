/** A source of texts and frames inside a notebook: the channel of anywidget. */
export class CommSource {
  /** @param {any} model of anywidget */
  constructor(model) {
    this.model = model;
    this.canSend = true;
    /** @type {(text: any) => void} */
    this.onText = () => {};
    /** @type {(buffer: ArrayBuffer) => void} */
    this.onFrame = () => {};
    /** @type {(state: string, words: string) => void} */
    this.onState = () => {};
    this.take = (/** @type {any} */ content, /** @type {DataView[]} */ buffers) => {
      if (content?.type !== "frame") this.onText(content);
      // A copy: sections have to begin at multiples of 8.
      else this.onFrame(buffers[0].buffer.slice(buffers[0].byteOffset, buffers[0].byteOffset + buffers[0].byteLength));
    };
  }

  start() {
    this.model.on("msg:custom", this.take);
    this.model.send({ do: "open" });
    this.onState("connected", "Connected to the notebook.");
  }

  /** @param {object} message */
  send(message) {
    this.model.send(message);
    return true;
  }

  stop() {
    this.model.off("msg:custom", this.take);
    this.model.send({ do: "close" });
  }
}
