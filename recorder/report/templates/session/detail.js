// What is selected: a message with the ladder of its evidence, and a frame with all that it says.

const messagePanel = make("section", { class: "panel-box", "aria-label": "Selected message", id: "why" });
const framePanel = make("section", { class: "panel-box", "aria-label": "Selected frame", id: "frame" });

let asked = 0; // an answer that comes after another question is dropped
let shownKey = null; // what the panel of the message depends on: most steps of the slider change nothing of it

async function showMessage() {
  const { session, message: m } = selection, mine = ++asked;
  if (m === null) {
    shownKey = null;
    refill(messagePanel, make("h2", {}, "Why"), make("p", { class: "nothing" }, "Choose a message in the conversation: here stands every frame about it, and what it proves."));
    return;
  }
  const [rows, history] = await Promise.all([session.evidenceOf(m), session.findings()]), state = stateAt(session, m, at[session.number]);
  if (mine !== asked) return;
  const sequence = session.sequence(m), title = sequence === null ? "A publish without a sequence" : "Message " + sequence;
  const now = rows.filter((row) => row[0] <= at[session.number]), violated = history.ofMessage(m, at[session.number]).slice(0, 10);
  const key = [session.number, m, session.facts.version, rows.length, now.length, factsBy(session, m, at[session.number]), at[session.number] === session.last, selection.because, violated.map((each) => each.sentence)].join();
  messagePanel.dataset.asOf = at[session.number];
  if (key === shownKey) return;
  shownKey = key;
  refill(messagePanel,
    make("h2", {}, "Why: " + title),
    make("p", { class: "aside how" }, selection.because && selection.because + ". ", "Choose another in the conversation: click it, or walk with ↑ and ↓."),
    state === null ? make("p", {}, "It is not there at this moment.") : make("p", { class: "verdict " + state.status }, mark(session, state), " ", statusSentence(session, state)),
    state && absenceWords(session, state),
    state && state.text !== null && make("blockquote", { dir: "auto" }, state.text.length > 400 ? state.text.slice(0, 400) + "…" : state.text),
    now.length > 0 && make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Evidence" }, make("table", { class: "ladder" },
      make("caption", { class: "aside" }, "Every frame about it, in order" + (now.length < rows.length ? "; " + counted(rows.length - now.length, "frame") + " later than this moment" : "")),
      make("thead", {}, make("tr", {}, ["Frame", "After sent", "What", "By", "Proof", "Service's clock"].map((name) => make("th", { scope: "col" }, name)))),
      make("tbody", {}, now.slice(0, 200).map(([frame, sentence, person, proof, server, after, clock, reason]) => make("tr", {},
        make("td", {}, frameLink(session, frame)),
        make("td", { class: "figure" }, after === null ? "–" : signed(after) + " " + data.words.clocks[clock]),
        make("td", {}, sentence, reason && make("q", {}, reason)),
        make("td", {}, session.people[person].label),
        make("td", {}, make("span", { class: "proof " + PROOFS[proof] }, PROOFS[proof])),
        make("td", { class: "figure" }, server === null ? "–" : clockTime(server * 1000))))))),
    now.length > 200 && make("p", {}, counted(now.length - 200, "row") + " more"),
    violated.length > 0 && make("ul", { class: "proofs" }, violated.map(({ rule, sentence }) => make("li", {}, make("b", {}, rule), ": ", sentence))),
    copyButtons(messageCopies(session, m, state)));
}

function statusSentence(session, state) {
  const deciding = decidingReceipt(state);
  if (deciding) return [state.status + " by " + session.people[deciding.person].label, Number.isNaN(deciding.after) ? "" : " " + signed(deciding.after), " (", PROOFS[deciding.proof], " in ", frameLink(session, deciding.frame), ")"];
  return {
    sent: "sent",
    pending: "pending: asked for, and no answer was seen by now that says where it stands",
    unknown: "unknown: the connection ended before an answer",
    failed: "failed: the service refused it",
    unseen: "unseen: only receipts name it, the message itself was not seen in this recording",
  }[state.status];
}

// Why it is not more: nobody else's receipt was seen, or one was only asked for, or refused; and how long that is.
function absenceWords(session, state) {
  const words = { sent: ["ACCEPT", "READ"], accepted: ["READ"] }[state.status];
  if (!words) return null;
  const weak = state.receipts.filter((each) => words.includes(each.word) && each.person !== state.author && each.proof < ACKNOWLEDGED);
  const asked = weak.map((each) => ["; ", each.word + " by " + session.people[each.person].label + (each.proof ? " was asked for and not answered, " : " was refused, "), frameLink(session, each.frame)]);
  const frame = at[session.number], ends = frame === session.last;
  const passed = session.timed && state.sent && ends ? ", which ends " + duration(session.timeOf(frame) - session.timeOf(state.sent.frame)) + " after the message" : "";
  return make("p", { class: "absence" }, "No " + words.join(" or ") + " by anybody else was seen in this recording" + (ends ? "" : " by this moment") + passed, asked, ".");
}

let askedFrame = 0;

async function showFrame() {
  const { session, frame } = selection, mine = ++askedFrame;
  if (frame === null) {
    refill(framePanel, make("h2", {}, "Frame"), make("p", { class: "nothing" }, "Choose a frame, in the table, on a lane or from a receipt: here it stands decoded, as text and byte by byte."));
    return;
  }
  const details = await frameDetails(session, frame);
  if (mine !== askedFrame) return;
  refill(framePanel,
    make("h2", {}, "Frame #" + frame + (sessions.length > 1 ? " of " + session.facts.session : ""), " ", make("span", { class: "tag" }, session.facts.labels[session.frame_label[frame - 1]])),
    make("p", { class: "tools" },
      button("Show the moment", () => moment.go(moment.stepOf(session, frame), { keep: true })),
      button("Measure from here", () => measureFrom(session, frame, null, null))),
    betweenWords(session, frame) && make("p", { class: "delta" }, betweenWords(session, frame)),
    details);
}

// The time between the frame that is measured from and another, by our clock.
function betweenWords(session, frame) {
  const from = selection.from;
  if (!from || !session.timed || (from.session === session && from.frame === frame)) return null;
  const us = session.timeOf(frame) + moment.axis[session.number] - from.session.timeOf(from.frame) - moment.axis[from.session.number];
  return "#" + from.frame + " → #" + frame + ": " + (us / 1000).toLocaleString("en", { minimumFractionDigits: 3, maximumFractionDigits: 3 }) + " ms (our clock)";
}

function measureFrom(session, frame, otherSession, other) {
  selection.from = { session, frame };
  if (other !== null) selectFrame(otherSession, other);
  else refill(timeline.delta, "Measuring from #" + frame + ": choose another frame.");
}

// The frames that the selection lights up.
function litFrames() {
  const lit = [];
  for (const frame of selection.lit || []) lit.push([selection.session, frame]);
  if (selection.frame !== null) lit.push([selection.session, selection.frame]);
  return lit;
}
