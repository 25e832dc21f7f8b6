"""The report of a session as one HTML file: a conversation, its frames, and the state at every moment.

The data model of the page, for whoever writes or reads it:

* ``<script id="data" type="application/json">`` holds ``{"title", "sessions": [one or two], "pairs", …}``.
  Each session has its facts in words (``honesty``, ``connections``, ``people``, ``dialogs``,
  ``distributions``, ``rules``), and ``columns`` and ``chunks``, which say what stands where in its blocks.
* A *block* is ``<script id=NAME type="application/octet-stream;base64">``: base64 of gzip, inflated by the
  page when it is needed. ``N-columns`` (N is 0 or 1, the place of the session) and ``N-messages`` are
  needed at once, ``N-findings`` soon after, ``N-frames-K`` and ``N-evidence-K`` when somebody looks.
* ``N-columns`` is a row of little-endian arrays, one after the other, each on a multiple of 8 bytes;
  ``session.columns`` is ``{name: [type, offset, length, differs]}``. Types are B, H, I (unsigned, 1, 2,
  4 bytes) and d (float64, NaN for unknown). ``differs`` 1: each number is the difference to the last known.

Frames (``frame_*``, row k is frame k + 1): ``connection``, ``client`` (1: the client sent it), ``bits``
(fin 128, rsv 64–16, opcode 15–0), ``head``, ``size`` and ``proofs`` (bytes of header, payload and proofs in
their block), ``offset`` (µs since the session began), ``at`` (µs since the epoch, less ``offset``),
``label`` and ``group`` (places in ``labels`` and ``GROUPS``), ``message`` (place of the first message that
it is about, plus 1), ``flags`` (1 redacted, 2 against RFC 6455, 4 withheld; 8 secrets, 16 texts, 32 names
were replaced). ``N-frames-K`` holds a run of frames, each as header, payload and proofs; ``chunks`` has the
first frame of each run. In its bytes an id of
``dialogs`` or ``people`` is 2 and its place in both lists together, in two bytes, big-endian; 2, 255, 255 is
a byte 2 itself. ``head``, ``size`` and ``proofs`` are with the ids put back. Proofs are JSON, rows
of ``[sentence, proof, frame that proves it better]``, with ``SAME_DIALOG`` for the id of the dialog.

Messages (``message_*``, row m in the order of the page): ``dialog``, ``sequence`` (NaN: a publish without
one), ``publish`` (its frame, else 0). ``N-messages`` is JSON: ``{"contents": [[author, role, type, text,
audience, mine, remark]]}``, where an author is a place in ``people``. ``N-evidence-K`` is JSON: for each of
``EVIDENCE_ROWS`` messages its timeline, rows of ``[frame, sentence, person, proof, server_ms, after_us,
clock, reason]``.

Findings: ``N-findings`` is JSON, columns of what rules observed, each from a frame on and up to another.
``rules`` are ``[id, severity, rows]``; a row has an ``outcome`` (0 violated, 1 not observable), ``count`` of
its ``frames`` (each less the one before; the first less the first of the row before), ``since`` (less its
first frame), ``lasts`` (0: to the end), ``message`` (its place plus 1, less that of the row before; 0: none)
and a ``text`` of ``texts``: strings, and 0 for the next of ``numbers`` (less its first frame), 1 for the time
that nothing has come, 2 for what ended then. ``open`` says since when: ``[frame less its first]`` or
``[offset_us, at_us]``; ``about`` has dialog and sequence of rows without a message. ``counts`` add up to how
often each rule was satisfied: at ``frames`` (differences) the step ``which`` of ``steps``, rows of ``rule,
more``. ``ends`` are the frames whose latest times, ``[frame, offset_us, at_us]``, are not those of the frames
so far. As of frame F they come to what ``check --at '#F'`` finds where ``findingsByMoment`` holds; else each
is one of the whole session, and stands from the last of its frames on.

States (``fact_*``) are an ordered list. Each fact holds ``from`` a frame on, until a later one of the same
message and kind says otherwise: the state as of frame F is what the facts with ``from`` ≤ F come to, and it
is what ``message list --at '#F'`` prints. ``kind`` is one of ``FACT_KINDS``: content (``a`` is a place in
``contents``), sent (proven by frame ``from`` − ``earlier``, by ``proof``, at ``server`` ms; ``b`` 1: a
snapshot's word), status (``a`` is a place in ``STATUSES``), receipt (by person ``a``, of word ``b`` of
``receiptWords``; ``clock`` 1: timed by the service, 2: ``after`` µs since the message by our clock),
receipt-gone, gone (the message is listed under another key, or not at all). Facts that a page is sent
later, while a session grows, are appended in the same order.
"""
