"""What connected, recorded sessions cost that only rest: memory and processor, with keep-alive.

Run it with ``python tests/benchmarks/resting_sessions.py [USERS]``. The simulator is in a process of its
own. Memory is what the process holds resident with all users connected, less what it holds with a tenth
of them, per user more: what is there anyhow falls out. Pings go out every 30 s, so a rest of 35 s sees
one from every session. Targets: at most 60 KB a session; less than 5 % of one core for a thousand.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from recorder.recipes import Load, swarm

USERS = 1000
REST_S = 35.0
SCRIPT = "name: resting\nsteps:\n  - open_conversation:\n  - wait: 1h\n"


class Stop:
    """Stops the run when the measuring is done."""

    def __init__(self) -> None:
        self._event, self._wake = threading.Event(), list[Callable[[], None]]()

    def is_set(self) -> bool:
        return self._event.is_set()

    def on_stop(self, wake: Callable[[], None]) -> None:
        self._wake.append(wake)

    def set(self) -> None:
        self._event.set()
        for wake in self._wake:
            wake()


class Measuring:
    """Looks every second; once everybody has come, rests, and stops the run."""

    def __init__(self, users: int) -> None:
        self.users, self.stop = users, Stop()
        self.tenth_kb = self.all_kb = 0
        self.cpu_s, self.rested_s = 0.0, 0.0
        self._settled_s: float | None = None

    def __call__(self, moment: object) -> None:
        active, steps = moment.active, moment.frames_per_s  # type: ignore[attr-defined]
        now_s = time.monotonic()
        if not self.tenth_kb and active >= self.users // 10:
            self.tenth_kb, self._tenth = resident_kb(), active
        if active < self.users or steps > self.users:
            return
        if self._settled_s is None:
            self._settled_s, self._cpu_s = now_s, time.process_time()
        elif now_s - self._settled_s >= REST_S:
            self.all_kb = resident_kb()
            self.rested_s, self.cpu_s = now_s - self._settled_s, time.process_time() - self._cpu_s
            self.stop.set()

    @property
    def kb_each(self) -> float:
        return (self.all_kb - self.tenth_kb) / (self.users - self._tenth)


def resident_kb() -> int:
    """Resident memory of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


def main(users: int) -> None:
    """Rest, and print what it cost."""
    measuring = Measuring(users)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.yaml"
        script.write_text(SCRIPT)
        load = Load(users=users, spawn_rate=50)
        archive = str(Path(folder) / "x.db")
        result = swarm(script, load, archive=archive, stop=measuring.stop, on_sample=measuring)
    print(f"{result.verdict}; {result.summary.count('frames')} payloads")
    print(f"resident memory of a session: {measuring.kb_each:.1f} KB ({users} at rest; target: at most 60)")
    share = measuring.cpu_s / measuring.rested_s * 100
    print(
        f"processor at rest: {share:.1f} % of one core over {measuring.rested_s:.0f} s (target: less than 5)"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else USERS)
