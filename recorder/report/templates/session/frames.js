// The table of frames: what the timeline draws, in words; and one frame decoded, as text, and byte by byte.

const SHOWN_BYTES = 4096, SHOWN_TEXT = 200000;

class FrameTable {
  constructor(session) {
    this.session = session;
    this.shown = new Uint32Array(0);
    this.view = make("div", { class: "rows", role: "rowgroup", tabindex: "0", "aria-label": "Frames" });
    this.box = make("div", { class: "frames", role: "table", "aria-label": "Frames", "aria-colcount": 5 },
      make("div", { role: "rowgroup", class: "head" }, make("div", { role: "row", class: "row" }, ["Frame", "Time", "Sender", "What", "Bytes"].map((name) => make("span", { role: "columnheader" }, name)))),
      this.view);
    this.list = new VirtualList(this.view, { render: (row) => this.row(row), stamp: (row) => this.stamp(row), height: 30, label: true });
    this.view.addEventListener("keydown", (event) => this.onKey(event));
  }

  update() {
    this.shown = framesFor(this.session);
    this.box.setAttribute("aria-rowcount", this.shown.length + 1);
    this.list.update(this.shown.length);
  }

  redraw() {
    this.list.draw(true);
  }

  stamp(row) {
    const { session } = this, frame = this.shown[row], here = selection.session === session;
    return [session.facts.version, frame, frame > at[session.number], here && selection.frame === frame, here && !!selection.lit?.has(frame)].join();
  }

  row(row) {
    const { session } = this, frame = this.shown[row], selected = selection.session === session && selection.frame === frame;
    const later = frame > at[session.number], lit = selection.lit?.has(frame) && selection.session === session;
    const k = frame - 1, m = session.frame_message[k] - 1, sequence = m >= 0 ? session.sequence(m) : null;
    const about = m < 0 ? "" : sequence === null ? " · a publish" : " · message " + sequence;
    return make("div", { role: "row", class: ["row", later ? "later" : "", lit ? "lit" : "", selected ? "selected" : ""].join(" "), "aria-rowindex": row + 2, "aria-current": selected ? "true" : null, onclick: () => selectFrame(session, frame) },
      make("span", { role: "cell" }, button("#" + frame, () => {}, { class: "frame-link", tabindex: -1, "aria-label": "frame " + frame })),
      make("span", { role: "cell" }, session.timed ? signed(session.time[k]) : "–"),
      make("span", { role: "cell" }, session.frame_client[k] ? "client" : "service"),
      make("span", { role: "cell", class: "what" }, session.facts.labels[session.frame_label[k]] + about + (session.frame_flags[k] & 2 ? " ⚠" : "")),
      make("span", { role: "cell", class: "size" }, session.frame_size[k].toLocaleString("en")));
  }

  onKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || !this.shown.length) return;
    event.preventDefault();
    const here = selection.frame === null ? -1 : this.rowOf(selection.frame);
    selectFrame(this.session, this.shown[Math.max(0, Math.min(this.shown.length - 1, here + step))], { focus: false });
  }

  rowOf(frame) {
    let low = 0, high = this.shown.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.shown[middle] < frame) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

// The frames that pass the filter, later ones too.
function framesFor(session) {
  const found = new Uint32Array(session.last);
  let count = 0;
  for (let k = 0; k < session.last; k++) {
    if (!filter.pings && session.isPing(k + 1)) continue;
    if (filter.group !== null && session.frame_group[k] !== filter.group) continue;
    if (filter.side !== null && (session.frame_client[k] === 1) !== (filter.side === "client")) continue;
    if (filter.dialog !== null && session.frame_message[k] && session.message_dialog[session.frame_message[k] - 1] !== filter.dialog) continue;
    if (search.frames && !search.frames.has(k + 1)) continue;
    found[count++] = k + 1;
  }
  return found.subarray(0, count);
}

// "secrets, texts and names": what stands in the place of something else.
function replacedWords(flags) {
  const kinds = ["secrets", "texts", "names"].filter((_, place) => flags & (8 << place));
  return kinds.length ? kinds.join(", ").replace(/, (?=[^,]*$)/, " and ") : "something";
}

// What there is to see of a frame: what it proves, then its payload in three ways.
async function frameDetails(session, frame) {
  const { head, payload, proofs } = await session.bytesOf(frame);
  const k = frame - 1, flags = session.frame_flags[k], text = decodedText(session.opcode(frame), payload);
  const facts = [
    [session.frame_client[k] ? "client" : "service", "sent it"].join(" "),
    "connection " + session.frame_connection[k],
    session.timed ? signed(session.time[k]) : "no time",
    Number.isFinite(session.wall[k]) ? clockTime(session.wall[k]) + " UTC" : null,
    counted(payload.length, "byte"),
    flags & 1 ? "replaced in it: " + replacedWords(flags) : null,
    flags & 4 ? "its payload is withheld" : null,
    session.frame_bits[k] & 128 ? null : "not final",
  ].filter(Boolean);
  return [
    make("p", { class: "facts" }, facts.join(" · ")),
    proofs.length > 0 && make("h3", {}, "What it proves"),
    proofs.length > 0 && make("ul", { class: "proofs" }, proofs.slice(0, 60).map(([sentence, proof, better]) =>
      make("li", {}, sentence, proof >= 0 ? " (" + PROOFS[proof] + ")" : "", better ? [", best proven by ", frameLink(session, better)] : null)),
      proofs.length > 60 && make("li", {}, "and " + counted(proofs.length - 60, "fact") + " more")),
    proofs.length === 0 && make("p", { class: "none" }, "It proves nothing about a message."),
    copyButtons(frameCopies(session, frame, text)),
    tabs([
      ["Decoded", () => preformatted(pretty(text))],
      ["Raw", () => preformatted(text === null ? "(no text)" : text)],
      ["Hex", () => preformatted(hex(head, payload))],
    ]),
  ];
}

function decodedText(opcode, payload) {
  if (opcode > 1) return opcode === 8 && payload.length >= 2 ? (payload[0] * 256 + payload[1]) + " " + new TextDecoder().decode(payload.subarray(2)) : null;
  return new TextDecoder().decode(payload);
}

// JSON with indents; digits and order of keys as they came, which JSON.parse would not keep.
function pretty(text) {
  if (text === null) return "(not text: see Hex)";
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  let depth = 0;
  return text.replace(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+|\s+/g, (token) => {
    if (token === "{" || token === "[") return token + "\n" + "  ".repeat(++depth);
    if (token === "}" || token === "]") return "\n" + "  ".repeat(Math.max(0, --depth)) + token;
    if (token === ",") return ",\n" + "  ".repeat(depth);
    if (token === ":") return ": ";
    return token.trim() === "" ? "" : token;
  }).replace(/([{[])\n\s*([}\]])/g, "$1$2");
}

function hex(head, payload) {
  const lines = [];
  if (head.length) lines.push("header  " + [...head].map((byte) => byte.toString(16).padStart(2, "0")).join(" "), "");
  const shown = payload.subarray(0, SHOWN_BYTES);
  for (let from = 0; from < shown.length; from += 16) {
    const line = [...shown.subarray(from, from + 16)];
    const bytes = line.map((byte) => byte.toString(16).padStart(2, "0")).join(" ").padEnd(47);
    lines.push(from.toString(16).padStart(6, "0") + "  " + bytes + "  " + line.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : ".")).join(""));
  }
  if (payload.length > SHOWN_BYTES) lines.push("… " + counted(payload.length - SHOWN_BYTES, "byte") + " more");
  return lines.join("\n");
}

function preformatted(text) {
  const whole = text.length > SHOWN_TEXT ? text.slice(0, SHOWN_TEXT) + "…" : text;
  return make("pre", { tabindex: "0", class: "code" }, marked(visible(whole), search.needle));
}

let tabbed = 0; // the tab that was chosen last stays chosen

function tabs(listed) {
  const panel = make("div", { role: "tabpanel", class: "panel" });
  const heads = listed.map(([name], n) => button(name, () => choose(n), { role: "tab" }));
  const choose = (n) => {
    tabbed = n;
    heads.forEach((head, place) => {
      head.setAttribute("aria-selected", String(place === n));
      head.tabIndex = place === n ? 0 : -1;
    });
    panel.setAttribute("aria-label", listed[n][0]);
    refill(panel, listed[n][1]());
  };
  const bar = make("div", { role: "tablist", "aria-label": "Payload", onkeydown: (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    choose((tabbed + step + heads.length) % heads.length);
    heads[tabbed].focus();
  } }, heads);
  choose(Math.min(tabbed, listed.length - 1));
  return make("div", { class: "tabs" }, bar, panel);
}
