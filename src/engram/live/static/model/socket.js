/** A source of texts and frames: the server's socket, tried again when it is lost. */

const LONGEST_WAIT_MS = 15_000;
const REFUSED = 1008;
const ENDED = 1000;

/** What the codes of a closed socket mean. @type {Record<number, string>} */
const REASONS = {
  1000: "The server has ended.",
  1006: "The connection was lost.",
  1009: "A message was too long.",
  1012: "The brain's program has ended.",
  1013: "Too many pages or messages.",
};

/** The token of the address, kept for this tab and taken out of sight. */
function token() {
  const found = new URLSearchParams(location.hash.slice(1)).get("token");
  if (found) {
    sessionStorage.setItem("engram-token", found);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return found ?? sessionStorage.getItem("engram-token");
}

export class SocketSource {
  /** @param {string} [address] of the socket; by default that of the page's server */
  constructor(address) {
    const key = address ? null : token();
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.address = address ?? `${scheme}://${location.host}/ws${key ? `?token=${encodeURIComponent(key)}` : ""}`;
    this.tries = 0;
    this.ended = false;
    this.canSend = true;
    /** @type {(text: any) => void} */
    this.onText = () => {};
    /** @type {(buffer: ArrayBuffer) => void} */
    this.onFrame = () => {};
    /** @type {(state: string, words: string) => void} */
    this.onState = () => {};
  }

  start() {
    this.onState("connecting", this.tries ? "Trying to connect again." : "Connecting to the brain.");
    this.opened = false;
    const socket = (this.socket = new WebSocket(this.address));
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.onText(JSON.parse(data));
      else this.onFrame(data);
    };
    socket.onopen = () => {
      this.opened = true;
      this.tries = 0;
      this.onState("connected", "Connected.");
    };
    socket.onclose = ({ code, reason }) => this.closed(code, reason);
  }

  closed(/** @type {number} */ code, /** @type {string} */ reason) {
    if (this.ended) return;
    if (code === REFUSED) return this.refused(reason);
    if (!this.opened) this.ask();
    const why = reason ? `${reason[0].toUpperCase()}${reason.slice(1).replace(/\.?$/, ".")}` : (REASONS[code] ?? REASONS[1006]);
    if (code === ENDED) return this.onState("stopped", why);
    const wait = Math.min(LONGEST_WAIT_MS, 1000 * 2 ** this.tries++);
    this.onState(code === 1012 ? "stopped" : "lost", `${why} Next try in ${Math.round(wait / 1000)} s.`);
    this.timer = setTimeout(() => this.start(), wait);
  }

  refused(/** @type {string} */ reason) {
    clearTimeout(this.timer);
    this.onState("refused", `The server refused this page. ${reason || "Open the address that it printed."}`);
  }

  /** A socket that never opened: was it refused, or is nobody there? Browsers don't say. */
  async ask() {
    const answer = await fetch("/health").catch(() => null);
    if (answer?.ok && !this.opened) this.refused("");
  }

  /** Try at once. */
  retry() {
    clearTimeout(this.timer);
    if (this.socket && this.socket.readyState <= WebSocket.OPEN) return;
    this.tries = 0;
    this.start();
  }

  /** @param {object} message @returns {boolean} whether it could be sent */
  send(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  stop() {
    this.ended = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }
}
