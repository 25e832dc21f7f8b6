// The state of a message as of a frame: the facts up to it, later ones in place of earlier ones.

// null while the message is not there; receipts are in the order in which people turn up.
function stateAt(session, m, frame) {
  let content = -1, sent = null, status = -1;
  const receipts = new Map();
  for (let at = session.factStarts[m]; at < session.factStarts[m + 1]; at++) {
    const row = session.factRows[at];
    if (session.fact_from[row] > frame) break;
    const a = session.fact_a[row], b = session.fact_b[row];
    switch (session.fact_kind[row]) {
      case CONTENT: content = a; break;
      case SENT: sent = evidence(session, row); sent.snapshot = b === 1; break;
      case STATUS: status = a; break;
      case RECEIPT: receipts.set(a * 65536 + b, { person: a, word: session.facts.receiptWords[b], ...evidence(session, row) }); break;
      case RECEIPT_GONE: receipts.delete(a * 65536 + b); break;
      case GONE: content = -1; sent = null; status = -1; receipts.clear(); break;
    }
  }
  if (status < 0) return null;
  const [author, role, type, text, audience, mine, remark] = session.contents[content];
  const listed = [...receipts.entries()].sort((one, other) => one[0] - other[0]).map((each) => each[1]);
  for (const each of listed) if (each.clock === 1) each.after = (each.server - sent.server) * 1000;
  return { m, author, role, type, text, audience, mine, remark, sent, status: data.words.statuses[status], receipts: listed };
}

function evidence(session, row) {
  return {
    frame: session.fact_from[row] - session.fact_earlier[row],
    proof: session.fact_proof[row],
    server: session.fact_server[row],
    after: session.fact_after[row],
    clock: session.fact_clock[row],
  };
}

// The word of stateAt, for much less; null while the message is not there.
function statusAt(session, m, frame) {
  let status = null;
  for (let at = session.factStarts[m]; at < session.factStarts[m + 1]; at++) {
    const row = session.factRows[at], kind = session.fact_kind[row];
    if (session.fact_from[row] > frame) break;
    if (kind === STATUS) status = data.words.statuses[session.fact_a[row]];
    else if (kind === GONE) status = null;
  }
  return status;
}

// How many facts of a message there are by a frame: its state is another only if this is.
function factsBy(session, m, frame) {
  let at = session.factStarts[m];
  while (at < session.factStarts[m + 1] && session.fact_from[session.factRows[at]] <= frame) at++;
  return at - session.factStarts[m];
}

// The receipt that makes a message accepted or read, which nobody gives for what they wrote.
function decidingReceipt(state) {
  const word = state.status === "read" ? "READ" : state.status === "accepted" ? "ACCEPT" : null;
  let best = null;
  for (const receipt of state.receipts) {
    const counts = receipt.word === word && receipt.proof >= ACKNOWLEDGED && receipt.person !== state.author;
    if (counts && (best === null || receipt.frame < best.frame)) best = receipt;
  }
  return best;
}

// The place of what a message said last.
function lastContent(session, m) {
  for (let at = session.factStarts[m + 1] - 1; at >= session.factStarts[m]; at--) {
    const row = session.factRows[at];
    if (session.fact_kind[row] === CONTENT) return session.fact_a[row];
  }
  return -1;
}

// The messages that are there as of a frame and pass the filter, as places.
function messagesAt(session, frame, filter) {
  const found = new Uint32Array(session.messages);
  const byState = filter.status !== null || filter.person !== null || filter.side !== null;
  let count = 0;
  for (let place = 0; place < session.messages; place++) {
    const m = session.order ? session.order[place] : place;
    if (session.firstFrame[m] > frame) continue;
    if (filter.dialog !== null && session.message_dialog[m] !== filter.dialog) continue;
    if (session.passing[m] && statusAt(session, m, frame) === null) continue;
    if (byState) {
      const state = stateAt(session, m, frame);
      if (!passes(session, state, filter)) continue;
    }
    found[count++] = m;
  }
  return found.subarray(0, count);
}

function passes(session, state, filter) {
  if (filter.status !== null && state.status !== filter.status) return false;
  if (filter.side !== null && (state.mine ? "client" : "service") !== filter.side) return false;
  return filter.person === null || state.author === filter.person || state.receipts.some((each) => each.person === filter.person);
}
