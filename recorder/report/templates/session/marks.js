// The marks of a message, as an agent's workspace draws them: one V sent, two accepted, two in orange read.

const MARKS = {
  pending: "asked, no answer yet",
  failed: "refused",
  unknown: "unknown: the connection ended before an answer",
  unseen: "not seen: only receipts name it",
};

function atWords(session, evidence) {
  const time = session.timed && !evidence.snapshot ? " at " + signed(session.timeOf(evidence.frame)) : "";
  return time + ", frame " + evidence.frame + (evidence.snapshot ? " (a snapshot's word)" : "");
}

// "read by Ann at +2.004 s, frame 26"
function markWords(session, state) {
  const deciding = decidingReceipt(state);
  if (deciding) return state.status + " by " + session.people[deciding.person].label + atWords(session, deciding);
  if (state.status === "sent") return "sent" + atWords(session, state.sent);
  const frame = state.sent ? atWords(session, state.sent) : "";
  return MARKS[state.status] + frame;
}

// The same in few words, with what was not seen: "accepted by Ann +112 ms, no READ seen"
function shortWords(session, state) {
  const deciding = decidingReceipt(state);
  if (!deciding) return state.status === "sent" ? "sent, no ACCEPT or READ seen" : MARKS[state.status];
  const after = Number.isNaN(deciding.after) ? "" : " " + signed(deciding.after);
  return state.status + " by " + session.people[deciding.person].label + after + (state.status === "accepted" ? ", no READ seen" : "");
}

function mark(session, state) {
  const box = make("span", { class: "mark " + state.status, role: "img", "aria-label": markWords(session, state) });
  if (state.status in MARKS) return put(box, make("span", { class: "sign", "aria-hidden": "true" }, { pending: "◌", failed: "!", unknown: "?", unseen: "∅" }[state.status]));
  return put(box, ticks(state.status === "sent" ? 1 : 2));
}

function ticks(count) {
  const picture = make("svg", { viewBox: count === 1 ? "0 0 14 12" : "0 0 21 12", width: count === 1 ? 14 : 21, height: 12, "aria-hidden": "true" });
  for (let n = 0; n < count; n++) picture.append(make("path", { d: `M${1.5 + 7 * n} 6.5 l4 4 l7 -9` }));
  return picture;
}

// What each participant did with a message: one line a person.
function receiptLines(session, state) {
  const byPerson = new Map();
  for (const receipt of state.receipts) {
    if (!byPerson.has(receipt.person)) byPerson.set(receipt.person, []);
    byPerson.get(receipt.person).push(receipt);
  }
  return [...byPerson].map(([person, given]) => {
    const own = person === state.author ? " (wrote it)" : "";
    const words = new Set(given.filter((each) => each.proof >= ACKNOWLEDGED).map((each) => each.word));
    const status = words.has("READ") ? "read" : words.has("ACCEPT") ? "accepted" : "other";
    const shown = make("span", { class: "mark " + status, "aria-hidden": "true" }, status === "other" ? null : ticks(2));
    return make("li", {}, shown, " ", make("b", {}, session.people[person].label + own), ": ", given.map((each, n) => [n ? ", " : null, receiptWords(session, each)]).flat());
  });
}

function receiptWords(session, receipt) {
  const word = { ACCEPT: "accepted", READ: "read" }[receipt.word] || receipt.word;
  const proof = receipt.proof >= ACKNOWLEDGED ? "" : " (" + PROOFS[receipt.proof] + ")";
  const after = Number.isNaN(receipt.after) ? "" : " " + signed(receipt.after);
  return make("span", { class: receipt.proof === 0 ? "refused" : null }, word + after + proof + " ", frameLink(session, receipt.frame));
}

function frameLink(session, frame) {
  return button("#" + frame, (event) => { event.stopPropagation(); selectFrame(session, frame); }, { class: "frame-link", "aria-label": "frame " + frame });
}
