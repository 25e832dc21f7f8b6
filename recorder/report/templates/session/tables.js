// Findings and numbers.

const SEVERITIES = { error: "error", warning: "warning", info: "remark" };

class Findings {
  constructor() {
    this.words = make("p", { class: "aside" });
    this.listed = make("div");
    this.more = button("", () => { this.limit += 500; this.update(); }, { hidden: true });
    this.dark = new Folded("Not observable in this recording");
    this.satisfied = new Folded("Satisfied");
    this.box = make("section", { class: "panel-box", id: "findings", "aria-labelledby": "findings-title" }, make("h2", { id: "findings-title" }, "Findings"), this.words, this.listed, this.more, this.dark.box, this.satisfied.box);
    this.histories = [];
    this.drawn = new Map(); // what is shown → its element, which stays as long as it is shown
    this.limit = 50;
  }

  // They are many in a long session, and what was said comes first.
  async load() {
    this.histories = await Promise.all(sessions.map((session) => session.findings()));
    this.drawn.clear();
    this.key = null;
    this.update();
  }

  // Those of this moment.
  update() {
    const made = sessions[0].madeAt;
    const key = [this.limit, ...at, made !== undefined && made < at[0]].join(" ");
    if (key === this.key || this.histories.length === 0) return;
    this.key = key;
    const found = this.histories.map((history, number) => [sessions[number], history, history.at(at[number])]);
    const violated = found.reduce((sum, [, , { violated }]) => sum + violated.length, 0);
    const dark = found.flatMap(([session, , { dark }]) => dark.map((finding) => [session, finding]));
    const satisfied = found.flatMap(([session, , { satisfied }]) => satisfied.map((finding) => [session, finding]));
    refill(this.words, made !== undefined && made < at[0] && "Checked as of frame " + made.toLocaleString("en") + ", and again later or when the session is over. ", counted(violated, "violation") + ", " + counted(satisfied.length, "rule") + " satisfied" + (dark.length ? ", " + dark.length.toLocaleString("en") + " not observable here" : "") + ". " + (sessions.every((session) => session.facts.findingsByMoment) ? "Rules are applied to what there is as of this moment." : "The session is too long to apply its rules to every moment: they are applied to the whole recording, and a finding stands from the last of its frames on."));
    const shown = new Map(), first = found.flatMap(([session, history, { violated }]) => violated.slice(0, this.limit).map((row) => [session, history, row])).slice(0, this.limit);
    this.list(first.map(([session, history, row]) => this.finding(shown, session, history.row(row, at[session.number]), row)));
    this.drawn = shown;
    this.more.hidden = violated <= this.limit;
    refill(this.more, "Show " + (violated - this.limit).toLocaleString("en") + " more");
    this.dark.show(dark.length, () => dark.slice(0, 100).map(([session, rows]) => this.draw(session, this.histories[session.number].dark(rows, at[session.number]))));
    this.satisfied.show(satisfied.length, () => make("ul", {}, satisfied.slice(0, 100).map(([session, { rule, count }]) => make("li", {}, make("b", {}, rule), ": ", session.facts.rules[rule]?.[0], " (" + count.toLocaleString("en") + " looked at)"))));
  }

  // The first violation of this moment that is about a message.
  firstAbout(session) {
    const history = this.histories[session.number], frame = at[session.number];
    const row = history.at(frame).violated.find((each) => history.message[each] >= 0);
    return row === undefined ? undefined : history.row(row, frame);
  }

  // To lay out what is there already is most of what a step would take.
  list(elements) {
    const { childNodes } = this.listed;
    if (elements.length === childNodes.length && elements.every((each, place) => each === childNodes[place])) return;
    this.listed.replaceChildren(...elements);
  }

  // One that stays may say another time than before.
  finding(shown, session, finding, row) {
    const key = session.number + " " + row, element = this.drawn.get(key) || this.draw(session, finding);
    const words = element.querySelector(".says");
    if (words.textContent !== finding.sentence) refill(words, finding.sentence);
    shown.set(key, element);
    return element;
  }

  draw(session, { rule, outcome, severity, message, frames, sentence }) {
    const [title, explain] = session.facts.rules[rule] || [rule, ""];
    const where = sessions.length > 1 ? " · session " + (session.number + 1) : "";
    return make("details", { class: "finding " + (outcome === "violated" ? severity : "dark") },
      make("summary", {}, make("span", { class: "tag " + severity }, outcome === "violated" ? SEVERITIES[severity] : "not observable"), " ", make("b", {}, rule + where), " ", make("span", { class: "says" }, sentence)),
      make("p", {}, title), make("p", { class: "aside" }, explain),
      make("p", { class: "tools" }, message >= 0 && button("Show the message", () => selectMessage(session, message, { focus: true })), frames.length > 0 && "Frames: ", frames.map((frame) => frameLink(session, frame))));
  }
}

// Details that are drawn while they are open.
class Folded {
  constructor(title) {
    this.title = title;
    this.summary = make("summary");
    this.body = make("div");
    this.box = make("details", { class: "quiet", hidden: true, ontoggle: () => this.draw() }, this.summary, this.body);
  }

  show(count, content) {
    this.content = content;
    this.box.hidden = count === 0;
    refill(this.summary, this.title + " (" + count + ")");
    this.draw();
  }

  draw() {
    if (this.box.open) refill(this.body, this.content());
    else this.body.replaceChildren();
  }
}

function numbersBox() {
  const listed = sessions.flatMap((session) => session.facts.distributions.map((each) => [session, each]));
  const counts = sessions.flatMap((session) => session.facts.counts.map((each) => [session, each]));
  const widest = Math.max(0.001, ...listed.map(([, each]) => each.figures[3]));
  const several = sessions.length > 1;
  return make("section", { class: "panel-box", id: "numbers", "aria-labelledby": "numbers-title" },
    make("h2", { id: "numbers-title" }, "Numbers"),
    make("p", { class: "aside" }, "Each delay is measured on one clock, which is named. " + sessions.map((session) => counted(session.facts.requests[0], "request") + " went out, " + session.facts.requests[1].toLocaleString("en") + " of them were answered").join("; ") + "."),
    counts.length > 0 && make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "What each participant did" }, make("table", {},
      make("thead", {}, make("tr", {}, ["Who", "Sent", "Accepted", "Read"].map((name) => make("th", { scope: "col" }, name)))),
      make("tbody", {}, counts.map(([session, [who, ...figures]]) => make("tr", {}, make("th", { scope: "row" }, who + (several ? " · " + (session.number + 1) : "")), figures.map((each) => make("td", { class: "figure" }, each.toLocaleString("en")))))))),
    listed.length > 0 && make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Delays" }, make("table", { class: "delays" },
      make("thead", {}, make("tr", {}, ["Delay", "By", "Clock", "Count", "p50", "p90", "p99", "Longest", ""].map((name) => name ? make("th", { scope: "col" }, name) : make("td", {})))),
      make("tbody", {}, listed.map(([session, each]) => make("tr", {},
        make("th", { scope: "row" }, each.kind), make("td", {}, each.who + (several ? " · " + (session.number + 1) : "")), make("td", {}, each.clock), make("td", { class: "figure" }, each.samples.toLocaleString("en")),
        each.figures.map((seconds) => make("td", { class: "figure" }, duration(seconds * 1e6))),
        make("td", {}, strip(each.points, widest))))))),
    listed.length === 0 && make("p", { class: "nothing" }, "No delay can be measured in this recording."),
    sessions.map((session) => plannedBox(session, several)));
}

// What a replay had planned, against what it did: in sum, then message by message.
function plannedBox(session, several) {
  const planned = session.facts.planned, of = several ? " · " + (session.number + 1) : "";
  if (!planned) return null;
  const figures = planned.figures.map((seconds) => seconds === null ? "–" : duration(seconds * 1e6));
  return make("section", { class: "planned", "aria-label": "Planned receipts" + of },
    make("h3", {}, "Planned receipts" + of),
    make("p", { class: "aside" }, "The replay planned " + counted(planned.count, "receipt") + ", and " + planned.sent.toLocaleString("en") + " went out" + planned.unsent.map((each) => "; " + each).join("") + ". Times count from the beginning of the session; how late is measured once a frame."),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "How late planned receipts left" + of }, make("table", { class: "delays" },
      make("thead", {}, make("tr", {}, ["Receipts", "Planned", "Sent", "Frames", "p50", "p99", "Latest", ""].map((name) => name ? make("th", { scope: "col" }, name) : make("td", {})))),
      make("tbody", {}, make("tr", {}, make("th", { scope: "row" }, "left late by"),
        [planned.count, planned.sent, planned.frames].map((each) => make("td", { class: "figure" }, each.toLocaleString("en"))),
        figures.map((each) => make("td", { class: "figure" }, each)),
        make("td", {}, strip(planned.points, Math.max(0.001, planned.figures[2] || 0))))))),
    make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Planned receipts by message" + of }, make("table", {},
      make("thead", {}, make("tr", {}, ["Message", "Receipt", "Planned for", "Left", "Late", "Frame"].map((name) => make("th", { scope: "col" }, name)))),
      planned.messages.map(([m, sequence, rows]) => make("tbody", {}, rows.map((row, place) => plannedRow(session, row, place === 0 && [m, sequence, rows])))))),
    planned.more > 0 && make("p", {}, "and " + counted(planned.more, "message") + " more"));
}

function plannedRow(session, [status, consumer, due, sent, late, frame, unsent], first) {
  return make("tr", {}, first && plannedMessage(session, ...first),
    make("td", {}, status + (consumer === null ? "" : " by " + consumer)),
    make("td", { class: "figure" }, due === null ? "with another" : signed(due)),
    unsent === null
      ? [make("td", { class: "figure" }, sent === null ? "–" : signed(sent)), make("td", { class: "figure" }, late === null ? "–" : duration(late)), make("td", {}, session.last < frame ? "#" + frame : frameLink(session, frame))]
      : make("td", { colspan: "3" }, unsent));
}

function plannedMessage(session, m, sequence, rows) {
  const name = "Message " + sequence, sent = rows.filter((row) => row[5] !== null).length;
  return make("th", { scope: "rowgroup", rowspan: String(rows.length) },
    m === null ? name : button(name, () => selectMessage(session, m), { class: "frame-link" }),
    make("span", { class: "aside counts" }, rows.length.toLocaleString("en") + " planned, " + sent.toLocaleString("en") + " sent"));
}

// One tick a delay, on a scale that all rows share.
function strip(points, widest) {
  const picture = make("svg", { class: "strip", viewBox: "0 0 160 18", width: 160, height: 18, "aria-hidden": "true" });
  picture.append(make("line", { class: "axis", x1: 2, x2: 158, y1: 15, y2: 15 }));
  for (const seconds of points) picture.append(make("line", { class: "tick", x1: 2 + (156 * seconds) / widest, x2: 2 + (156 * seconds) / widest, y1: 3, y2: 13 }));
  return picture;
}
