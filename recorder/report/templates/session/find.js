// Search and filters. A search keeps its place: the match that was shown stays shown when the moment changes.

const filter = { dialog: null, status: null, person: null, side: null, group: null, pings: false };
const search = { needle: "", matches: [], place: -1, frames: null };

class FindBar {
  constructor() {
    this.input = make("input", { type: "search", "aria-label": "Search in texts", placeholder: "Search texts", oninput: () => this.find(), onkeydown: (event) => {
      if (event.key === "Enter") { event.preventDefault(); this.next(event.shiftKey ? -1 : 1); }
    } });
    this.count = make("output", { class: "count" });
    this.inFrames = make("input", { type: "checkbox", onchange: () => this.find() });
    this.box = make("search", { class: "find" },
      make("span", { class: "search-box" }, this.input, button("↑", () => this.next(-1), { "aria-label": "Match before" }), button("↓", () => this.next(1), { "aria-label": "Next match" }), this.count),
      make("label", {}, this.inFrames, " in frames, too"),
      this.dialogs(),
      this.select("status", "Status", data.words.statuses.map((status) => [status, status])),
      this.people(),
      this.select("side", "Side", [["client", "client"], ["service", "service"]]),
      this.select("group", "Frame", data.words.groups.map((group, n) => [n, group])),
      make("label", {}, make("input", { type: "checkbox", onchange: (event) => { filter.pings = event.target.checked; showFiltered(); timeline.render(); } }), " pings"));
  }

  dialogs() {
    return this.select("dialog", "Dialog", sessions[0].facts.dialogs.map((dialog, n) => [n, dialog.id || "unknown"]));
  }

  people() {
    return this.select("person", "Participant", sessions[0].people.map((person, n) => [n, person.label]));
  }

  select(name, label, options) {
    const numbers = options.length > 0 && typeof options[0][0] === "number";
    return make("select", { "aria-label": label, onchange: (event) => {
      const value = event.target.value;
      filter[name] = value === "" ? null : numbers ? Number(value) : value;
      if (name === "group" && filter.group === data.words.groups.indexOf("ping")) filter.pings = true;
      this.find({ stay: true });
    } }, make("option", { value: "" }, label + ": all"), options.slice(0, 2000).map(([value, shown]) => make("option", { value }, shown)));
  }

  async find({ stay = false } = {}) {
    search.needle = this.input.value.trim().toLowerCase();
    search.frames = null;
    search.matches = [];
    if (search.needle) {
      for (const session of sessions) {
        const matching = new Set();
        session.contents.forEach((content, n) => { if (content[3] !== null && content[3].toLowerCase().includes(search.needle)) matching.add(n); });
        for (let m = 0; m < session.messages && matching.size; m++) if (matching.has(lastContent(session, m))) search.matches.push([session, m]);
      }
    }
    if (!stay || search.place >= search.matches.length) search.place = -1;
    this.tell();
    showFiltered();
    if (this.inFrames.checked && search.needle) await this.findInFrames(search.needle);
  }

  // Block by block, so that the page goes on; a new search ends it.
  async findInFrames(needle) {
    const session = sessions[0], found = new Set();
    for (let chunk = 0; chunk < session.facts.chunks.length && needle === search.needle; chunk++) {
      const first = session.facts.chunks[chunk], last = chunk + 1 < session.facts.chunks.length ? session.facts.chunks[chunk + 1] - 1 : session.last;
      const { frame_head, frame_size, frame_proofs } = session, bytes = await session.framesIn(chunk);
      for (let frame = first, from = 0; frame <= last; frame++) {
        from += frame_head[frame - 1];
        const until = from + frame_size[frame - 1];
        if (new TextDecoder().decode(bytes.subarray(from, until)).toLowerCase().includes(needle)) found.add(frame);
        from = until + frame_proofs[frame - 1];
      }
    }
    if (needle !== search.needle) return;
    search.frames = found;
    this.tell();
    showFiltered();
  }

  tell() {
    const shown = search.place >= 0 ? search.place + 1 + " of " : "";
    refill(this.count, search.needle ? shown + counted(search.matches.length, "message") + (search.frames ? ", " + counted(search.frames.size, "frame") : "") : "");
  }

  next(step) {
    const { matches } = search;
    if (!matches.length) return;
    search.place = (search.place + step + matches.length + (search.place < 0 && step < 0 ? 1 : 0)) % matches.length;
    const [session, m] = matches[search.place];
    if (session.firstFrame[m] > at[session.number]) moment.go(moment.stepOf(session, session.firstFrame[m]), { keep: true });
    selectMessage(session, m, { focus: false });
    this.tell();
  }
}
