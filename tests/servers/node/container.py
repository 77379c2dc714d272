"""One container of a pod: started, probed, ended, started again with growing pauses."""

import signal
from collections.abc import Callable
from datetime import UTC, datetime

from tests.servers.node.api import Thing
from tests.servers.node.environment import RefusedError
from tests.servers.node.probes import Probe, asked
from tests.servers.node.program import Program

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0
"""Seconds before a restart; shorter than a kubelet's 10 and 300, and doubled each time likewise."""

Launch = Callable[[int], Program]
"""Starts the container for so-manieth time; RefusedError if it cannot be made."""


def stamp() -> str:
    """Return now as the API writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Container:
    """A container and what its status says."""

    def __init__(self, said: Thing, address: str, launch: Launch, *, restarts: str, grace: float) -> None:
        self.said, self._address, self._launch = said, address, launch
        self._policy, self._grace = restarts, grace
        self._ports = {one["name"]: one["containerPort"] for one in said.get("ports", ()) if "name" in one}
        self.program: Program | None = None
        self.count, self.code, self.is_over = 0, 0, False
        self.is_started = self.is_ready = False
        self._waiting: tuple[str, str] = ("ContainerCreating", "")
        self._pause, self._next, self._kill_at = FIRST_PAUSE, 0.0, 0.0
        self._probes: dict[str, Probe] = {}
        self._last: Thing = {}
        self._began = ""

    def step(self, now: float) -> None:
        """Do what is due."""
        if self.is_over:
            return
        if self.program is None:
            if now >= self._next:
                self._start(now)
        elif (code := self.program.ended()) is not None:
            self._end(code, now)
        elif self._kill_at:
            if now >= self._kill_at:
                self.program.signal(signal.SIGKILL)
        else:
            self._probe(now)

    def stop(self, now: float, grace: float) -> None:
        """Ask it to end, once; it is killed when the grace is over. It does not come back."""
        self._policy = "Never"
        if self.program is None:
            self.is_over = True
        elif not self._kill_at:
            self._ask_to_end(now, grace)

    def status(self) -> Thing:
        """Return its ContainerStatus."""
        state: Thing = {"waiting": {"reason": self._waiting[0], "message": self._waiting[1]}}
        if self.is_over and self._last:
            state = self._last
        elif self.program is not None:
            state = {"running": {"startedAt": self._began}}
        image = self.said["image"]
        found: Thing = {"name": self.said["name"], "image": image, "imageID": image, "restartCount": self.count}
        found |= {"ready": self.is_ready, "started": self.is_started, "state": state}
        return found | ({"lastState": self._last} if self._last and not self.is_over else {})

    # --- moves

    def _start(self, now: float) -> None:
        try:
            self.program = self._launch(self.count)
            found = {name: self.said.get(f"{name}Probe") for name in ("startup", "liveness", "readiness")}
            run = self.program.runs
            self._probes = {
                name: Probe(one, asked(one, self._address, self._ports, run), now) for name, one in found.items() if one
            }
        except RefusedError as error:
            self._waiting, self._next = ("CreateContainerConfigError", str(error)), now + FIRST_PAUSE
            return
        self._began, self._kill_at = stamp(), 0.0
        self.is_started = "startup" not in self._probes
        self.is_ready = self.is_started and "readiness" not in self._probes

    def _probe(self, now: float) -> None:
        if not self.is_started:
            verdict = self._probes["startup"].verdict(now)
            self.is_started = verdict is True
            self.is_ready = self.is_started and "readiness" not in self._probes
            if verdict is False:
                self._ask_to_end(now, self._grace)
            return
        if "readiness" in self._probes:
            said = self._probes["readiness"].verdict(now)
            self.is_ready = self.is_ready if said is None else said
        if "liveness" in self._probes and self._probes["liveness"].verdict(now) is False:
            self._ask_to_end(now, self._grace)

    def _ask_to_end(self, now: float, grace: float) -> None:
        assert self.program is not None
        self.is_ready = False
        self._kill_at = now + grace
        self.program.signal(signal.SIGTERM)

    def _end(self, code: int, now: float) -> None:
        self.program, self.code = None, code
        self.is_ready = self.is_started = False
        reason = "Error" if code else "Completed"
        said = {"exitCode": code, "reason": reason, "startedAt": self._began, "finishedAt": stamp()}
        self._last = {"terminated": said}
        if self._policy == "Never" or (self._policy == "OnFailure" and code == 0):
            self.is_over = True
            return
        self._waiting = ("CrashLoopBackOff", f"back-off {self._pause:g}s restarting failed container")
        self.count, self._next, self._kill_at = self.count + 1, now + self._pause, 0.0
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
