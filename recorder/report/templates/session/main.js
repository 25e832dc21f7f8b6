// The page put together: what stands where, and what happens when something is chosen.

let moment, timeline, findings, findBar, conversations, frameTables, sideBySide;

// because: why it was chosen, where the page itself did.
function selectMessage(session, m, { focus = true, because = null } = {}) {
  Object.assign(selection, { session, message: m, because, lit: null });
  const conversation = conversations[session.number];
  conversation.update({ keep: true });
  conversation.list.reveal(conversation.rowOf(m), { focus });
  showMessage();
  lightFrames(session, m);
}

// The frames about a message stand out.
function lightFrames(session, m) {
  session.evidenceOf(m).then((rows) => {
    if (selection.message !== m || selection.session !== session) return;
    selection.lit = new Set(rows.map((row) => row[0]));
    frameTables[session.number].update();
    timeline.render();
  });
}

function selectFrame(session, frame) {
  if (selection.session !== session) selection.message = null;
  Object.assign(selection, { session, frame });
  const table = frameTables[session.number];
  if (session.isPing(frame)) filter.pings = true;
  table.update();
  table.list.reveal(table.rowOf(frame));
  refill(timeline.delta, betweenWords(session, frame));
  timeline.drawMoment();
  showFrame();
}

// What a first look is for: the message of the first finding, else the first that was not read, else the last.
function chooseFirst() {
  const session = sessions[0], listed = conversations[0].shown;
  document.documentElement.dataset.chosen = "true";
  if (selection.message !== null || selection.frame !== null || !listed.length) return;
  const found = findings.firstAbout(session);
  const unread = listed.find((m) => statusAt(session, m, at[0]) !== "read");
  const [m, because] = found ? [found.message, "The message of the first finding"] : unread !== undefined ? [unread, "The first message without a READ"] : [listed.at(-1), "The last message"];
  selectMessage(session, m, { focus: false, because });
}

// Everything as of the moment.
function showMoment({ keep = false } = {}) {
  for (const conversation of conversations) conversation.update({ keep });
  for (const table of frameTables) table.redraw();
  timeline.drawMoment();
  findings.update();
  if (selection.message !== null) showMessage();
}

// Another filter or search: other rows, at the same moment.
function showFiltered() {
  for (const table of frameTables) table.update();
  showMoment({ keep: true });
}

// --- the parts of the page --------------------------------------------------------------------------------

function header() {
  const theme = themeButton(() => timeline.render());
  return make("header", { class: "top" },
    make("div", { class: "honesty", role: "note", "aria-label": "What this page holds" }, sessions.map((session) => honesty(session))),
    make("div", { class: "title" }, make("h1", {}, data.title.replace(/^./, (one) => one.toUpperCase())),
      make("p", { class: "aside" }, sessions.map((session) => [session.facts.session, session.facts.source, session.facts.startedAt && session.facts.startedAt.slice(0, 19).replace("T", " ") + " UTC"].filter(Boolean).join(" · ")).join("  |  ")), theme));
}

function honesty(session) {
  const { facts } = session;
  const wires = facts.connections.map((each, n) => "connection " + (n + 1) + ": " + each.provenance + ", " + { bytes: "every byte", messages: "whole messages only", lines: "lines of text only", unknown: "fidelity unknown" }[each.fidelity] + ", " + each.ending);
  const shown = wires.length > 3 ? wires.slice(0, 3).concat(counted(wires.length - 3, "connection") + " more") : wires;
  const whole = facts.honesty[0] === "Complete";
  return make("p", { class: whole ? "whole" : "partial" }, make("b", {}, (sessions.length > 1 ? session.number + 1 + " · " : "") + facts.honesty[0]), ". ", facts.honesty.slice(1).join(". ") + ". ", make("span", { class: "wires" }, shown.join("; ")));
}

function comparisonBox() {
  if (!data.pairs) return null;
  const box = make("section", { class: "panel-box", id: "comparison", "aria-labelledby": "comparison-title" },
    make("h2", { id: "comparison-title" }, "Side by side"),
    make("p", { class: "aside" }, data.differences.length ? counted(data.differences.length, "difference") + "." : "Nothing differs.", data.sameWire ? " Both recorded one conversation: time is the calendar's." : " Time is counted from the beginning of each."));
  const rows = make("div", { class: "scroll pairs", tabindex: "0", role: "region", "aria-label": "Messages of both sessions" });
  const cell = (session, m) => {
    if (m === null) return make("td", { class: "none" }, "not there");
    const state = stateAt(session, m, at[session.number]);
    if (!state) return make("td", { class: "none" }, "not yet");
    const sequence = session.sequence(m);
    return make("td", {}, button(sequence === null ? "–" : String(sequence), () => selectMessage(session, m), { class: "frame-link" }), " ", make("b", {}, state.author === null ? "" : session.people[state.author].label), " ", make("bdi", {}, state.text === null ? "[" + state.type + "]" : state.text.slice(0, 160)), " ", mark(session, state));
  };
  sideBySide = () => refill(rows, make("table", {},
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "1 · " + (sessions[0].facts.name || sessions[0].facts.session)), make("th", { scope: "col" }, "2 · " + (sessions[1].facts.name || sessions[1].facts.session)), make("th", { scope: "col" }, "What differs"))),
    make("tbody", {}, data.pairs.slice(0, 400).map(([one, other, changes]) => make("tr", { class: changes.length ? "differs" : null }, cell(sessions[0], one), cell(sessions[1], other), make("td", {}, changes.join("; ")))))));
  return put(box, rows, data.pairs.length > 400 && make("p", {}, counted(data.pairs.length - 400, "message") + " more"));
}

function build() {
  moment = new Moment();
  conversations = sessions.map((session) => new Conversation(session));
  frameTables = sessions.map((session) => new FrameTable(session));
  timeline = new Timeline();
  findings = new Findings();
  findBar = new FindBar();
  const several = sessions.length > 1;
  refill(root,
    header(),
    make("div", { class: "bar" }, moment.bar, folded("Search and filter", findBar.box)),
    make("nav", { "aria-label": "Parts" }, [["conversation", "Conversation"], ["why", "Why"], ["time", "Time"], ["frame", "Frame"], ["findings", "Findings"], ["numbers", "Numbers"]].map(([id, name]) => button(name, () => document.getElementById(id).scrollIntoView()))),
    comparisonBox(),
    make("div", { class: "columns" + (several ? " two" : "") },
      make("section", { class: "panel-box talk", id: "conversation", "aria-labelledby": "conversation-title" }, make("h2", { id: "conversation-title" }, "Conversation"),
        make("div", { class: "feeds" }, conversations.map((each) => make("div", { class: "feed-box" }, several && make("h3", {}, each.session.number + 1 + " · " + (each.session.facts.name || each.session.facts.session)), each.tally, each.nothing, each.feed)))),
      make("div", { class: "side" }, messagePanel, findings.box),
      make("div", { class: "middle" },
        make("section", { class: "panel-box", id: "time", "aria-labelledby": "time-title" }, make("h2", { id: "time-title" }, "Time"), timeline.box,
          frameTables.map((table) => [several && make("h3", {}, "Frames of " + (table.session.number + 1)), table.box]).flat()),
        framePanel)),
    numbersBox());
  moment.show();
  for (const table of frameTables) table.update();
  showMoment();
  setTimeout(() => { timeline.drawPeople(); findings.load().then(chooseFirst); }, 50);
  if (sideBySide) {
    sideBySide();
    moment.slider.addEventListener("change", sideBySide);
  }
  for (const conversation of conversations) conversation.feed.scrollTop = 0;
  showMessage();
  showFrame();
  if (location.hash) follow(location.hash);
  window.addEventListener("hashchange", () => follow(location.hash));
  window.addEventListener("beforeprint", () => printing(true));
  window.addEventListener("afterprint", () => printing(false));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => timeline.render());
  document.documentElement.dataset.ready = "true";
  whenBuilt();
}

// Open where there is room; on a narrow screen the conversation comes first.
function folded(name, ...children) {
  const narrow = matchMedia("(max-width: 899px)"), box = make("details", { class: "folded" }, make("summary", {}, name), ...children);
  const fit = () => (box.open = !narrow.matches);
  narrow.addEventListener("change", fit);
  fit();
  return box;
}

// On paper lists have no scroll bar: their first rows are all there.
function printing(begins) {
  for (const conversation of conversations) {
    const { feed, list } = conversation;
    feed.classList.toggle("printed", begins);
    if (begins) refill(list.inner, Array.from({ length: Math.min(list.count, 500) }, (_, row) => conversation.message(row)), list.count > 500 && make("p", {}, counted(list.count - 500, "message") + " more in the file"));
    else list.drawn.clear(), list.inner.replaceChildren(), list.draw(true);
  }
}

Promise.all(sessions.map((session) => session.load())).then(build).catch((problem) => {
  refill(root, make("p", { role: "alert" }, "This page cannot be shown: " + problem.message + ". It needs a browser with DecompressionStream (2023 or later)."));
  throw problem;
});
