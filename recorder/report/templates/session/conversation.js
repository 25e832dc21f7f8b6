// The conversation as both sides saw it, as of the moment that is shown.

const AT_ONCE = 2000; // messages that are counted at each step of the slider

class Conversation {
  constructor(session) {
    this.session = session;
    this.shown = new Uint32Array(0);
    this.follows = true; // the end of the conversation stays in view
    this.feed = make("div", { class: "feed", role: "feed", tabindex: "0", "aria-label": "Messages" + (sessions.length > 1 ? " of " + session.facts.title : "") });
    this.nothing = make("p", { class: "nothing", hidden: true });
    this.list = new VirtualList(this.feed, { render: (row) => this.message(row), stamp: (row) => this.stamp(row), height: 92, key: (row) => this.shown[row], label: true });
    this.list.measure(session.messages);
    this.tally = make("p", { class: "tally" });
    this.feed.addEventListener("keydown", (event) => this.onKey(event));
  }

  update({ keep = false } = {}) {
    const atEnd = this.feed.scrollTop + this.feed.clientHeight >= this.list.inner.offsetHeight - 40;
    this.shown = messagesAt(this.session, at[this.session.number], filter);
    this.feed.setAttribute("aria-busy", "false");
    this.list.update(this.shown.length, { end: !keep && this.follows && atEnd });
    for (const node of this.list.drawn.values()) node.setAttribute("aria-setsize", this.shown.length);
    this.nothing.hidden = this.shown.length > 0;
    this.count();
    refill(this.nothing, this.session.messages ? "No message by this moment, or none that passes the filter." : "No message in this recording.");
  }

  // To look at every message takes longer than a step of the slider may.
  count() {
    clearTimeout(this.counting);
    if (this.session.messages <= AT_ONCE) this.tell();
    else this.counting = setTimeout(() => this.tell(), 200);
  }

  // How many were read by the moment, and which were not.
  tell() {
    const { session } = this, unread = [];
    let there = 0;
    for (let place = 0; place < session.messages; place++) {
      const m = session.order ? session.order[place] : place, status = statusAt(session, m, at[session.number]);
      if (status === null) continue;
      there++;
      if (status !== "read") unread.push(m);
    }
    const links = unread.slice(0, 8).map((m) => button(session.sequence(m) === null ? "no sequence" : String(session.sequence(m)), () => selectMessage(session, m), { class: "frame-link", "aria-label": "message " + (session.sequence(m) ?? "without a sequence") }));
    const more = unread.length - links.length;
    refill(this.tally, there > 0 && [
      counted(there, "message") + (at[session.number] === session.last ? "" : " by this moment") + ", " + (there - unread.length).toLocaleString("en") + " read. ",
      unread.length > 0 && ["No READ was seen for message ", links.map((link, n) => [n ? ", " : null, link]), more > 0 && " and " + more.toLocaleString("en") + " more", ". "]], youWords(session));
  }

  stamp(row) {
    const { session } = this, m = this.shown[row], chosen = selection.session === session && selection.message === m;
    const opens = row === 0 || session.message_dialog[this.shown[row - 1]] !== session.message_dialog[m];
    return [session.facts.version, m, factsBy(session, m, at[session.number]), chosen, opens, row === 0 && selection.message === null, search.needle].join();
  }

  message(row) {
    const { session } = this, m = this.shown[row], state = stateAt(session, m, at[session.number]);
    const sequence = session.sequence(m), person = state.author === null ? null : session.people[state.author];
    const selected = selection.session === session && selection.message === m;
    const opens = row === 0 || session.message_dialog[this.shown[row - 1]] !== session.message_dialog[m];
    const id = "m" + session.number + "-" + m;
    return make("article", {
      class: ["message", sideOf(session, state), state.status, state.audience ? "private" : "", selected ? "selected" : ""].join(" "),
      id, tabindex: selected || (selection.message === null && row === 0) ? 0 : -1, "aria-posinset": row + 1, "aria-setsize": this.shown.length,
      "aria-labelledby": id + "-who", "aria-current": selected ? "true" : null,
      "data-sequence": sequence, "data-status": state.status, "data-dialog": session.facts.dialogs[session.message_dialog[m]].id,
      onclick: () => selectMessage(session, m, { focus: false }),
    },
    opens && this.dialogLine(session.message_dialog[m]),
    make("div", { class: "bubble" },
      make("p", { class: "who", id: id + "-who" }, make("b", {}, person ? person.label : "author not seen"), " ",
        make("span", { class: "number" }, sequence === null ? "no sequence" : "message " + sequence), state.audience && make("span", { class: "tag" }, audienceWords(state.audience))),
      this.text(state),
      state.remark && make("p", { class: "remark" }, state.remark),
      make("p", { class: "foot" }, state.sent && session.timed && make("span", { class: "time" }, signed(session.timeOf(state.sent.frame))), " ", mark(session, state),
        " ", make("span", { class: "state" }, shortWords(session, state))),
      state.receipts.length > 0 && make("ul", { class: "receipts", "aria-label": "Receipts" }, receiptLines(session, state))));
  }

  dialogLine(number) {
    const dialog = this.session.facts.dialogs[number];
    const named = dialog.id === null ? "dialog unknown" : "dialog " + dialog.id;
    return make("p", { class: "dialog" }, named + (dialog.type && dialog.type !== "MAIN" ? " (" + dialog.type + ")" : ""));
  }

  text(state) {
    const shown = state.text === null ? "[" + (state.type || "not seen in this recording") + "]" : state.text;
    const long = shown.length > 2000;
    const node = make("p", { class: "text" + (state.text === null ? " none" : ""), dir: "auto" });
    put(node, marked(visible(long ? shown.slice(0, 2000) + "… (" + counted(shown.length, "character") + ")" : shown), search.needle));
    return node;
  }

  onKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const here = selection.session === this.session ? this.rowOf(selection.message) : -1;
    const row = Math.max(0, Math.min(this.shown.length - 1, (here < 0 && step > 0 ? -1 : here) + step));
    if (this.shown.length) selectMessage(this.session, this.shown[row], { focus: true });
  }

  rowOf(m) {
    return m === null ? -1 : this.shown.indexOf(m);
  }
}

// Who "you" is, where one of us was recorded.
function youWords(session) {
  const mine = session.people.filter((each) => each.mine);
  if (mine.length !== 1) return null;
  return "“" + mine[0].label + "” is " + (mine[0].word ? "the " + mine[0].word + ", whose side was recorded." : "whoever used the recorded connection.");
}

function audienceWords(audience) {
  return audience === "AGENTS_AND_MANAGERS" ? "private: consumers are not shown it" : "for " + audience;
}

// Who stands at the right: we do, or where we are on both sides the agents.
function sideOf(session, state) {
  const selves = session.people.filter((each) => each.mine).length;
  if (selves > 1 || state.mine === null) return state.role === "CONSUMER" || state.role === null ? "left" : "right";
  return state.mine ? "right" : "left";
}
