# SPDX-License-Identifier: MIT
"""A daemon and its workers that are killed, stopped, continued and told to end at random moments,
and started again at once, as a supervisor would. Nothing here waits: turn() is called often."""
import heapq
import itertools
import signal

# How often each fault is drawn, and what it is called in the summary.
FAULTS = (("killed daemon", 25), ("killed worker", 25), ("stopped worker", 20),
          ("stopped daemon", 10), ("ended daemon", 10), ("ended worker", 10))
SIGNALS = {"killed": signal.SIGKILL, "stopped": signal.SIGSTOP, "ended": signal.SIGTERM}
# What a process may end with after each signal; -15 before it has set up its handler.
ENDS = {"killed": (-signal.SIGKILL,), "ended": (0, -signal.SIGTERM)}


class Member:
    """A process that is wanted to run."""

    def __init__(self, made, program, name):
        self.made, self.program, self.name = made, program, name
        self.process = None
        self.told = []  # the signals since it was started
        self.is_stopped = False
        self.has_answered = False
        self.starts = 0

    def start(self):
        self.process = self.made.run(self.program, self.name)
        self.told, self.is_stopped, self.has_answered = [], False, False
        self.starts += 1

    def strike(self, how):
        self.told.append(how)
        self.process.send_signal(SIGNALS[how])
        if how == "stopped":
            self.is_stopped = True
        elif how == "ended":
            self.resume()  # What is stopped cannot hear that it is to end.

    def resume(self):
        if self.is_stopped and self.process.is_running():
            self.is_stopped = False
            self.process.send_signal(signal.SIGCONT)

    def allowed_ends(self):
        return [code for how in self.told for code in ENDS.get(how, ())]


class Machine:
    """All processes of an installation and the faults that befall them."""

    def __init__(self, made, workers, random, lease_seconds, now):
        self.made, self.random, self.lease_seconds = made, random, lease_seconds
        self.daemon = Member(made, "exportd", "exportd")
        self.workers = [Member(made, "export-worker", f"worker-{n}") for n in range(workers)]
        self.members = [self.daemon, *self.workers]
        self.timers, self.order = [], itertools.count()
        self.counts = {name: 0 for name, _ in FAULTS}
        self.hits = 0  # kills of a daemon that was answering
        self.now = now
        for member in self.members:
            member.start()
        self.publish()

    def publish(self):
        """Lets the installation know its processes, so that it cleans them up."""
        self.made.daemon = self.daemon.process
        self.made.workers = {n: m.process for n, m in enumerate(self.workers)}

    def after(self, seconds, act):
        heapq.heappush(self.timers, (self.now + seconds, next(self.order), act))

    def turn(self, now):
        """Restarts what ended, and does what is due. An end that no signal explains is a
        violation."""
        self.now = now
        for member in self.members:
            if not member.process.is_running():
                code = member.process.wait()
                assert code in member.allowed_ends(), (
                    f"{member.name} ended with {code} after {member.told}\n{self.made.logs()}")
                member.start()
                self.publish()
        while self.timers and self.timers[0][0] <= now:
            heapq.heappop(self.timers)[2]()

    def draw(self):
        """A fault, by its name."""
        names, weights = zip(*FAULTS)
        return self.random.choices(names, weights)[0]

    def strike(self, fault):
        """Lets it happen to a member that it can befall, drawn at random."""
        how, kind = fault.split()
        members = [m for m in ([self.daemon] if kind == "daemon" else self.workers)
                   if m.process.is_running() and not (how == "stopped" and m.is_stopped)
                   and "ended" not in m.told]
        if not members:
            return
        member = self.random.choice(members)
        self.counts[fault] += 1
        self.hits += fault == "killed daemon" and member.has_answered
        member.strike(how)
        if how == "stopped":
            past = self.random.uniform(0.1, 2) if kind == "daemon" else self.random.uniform(1.1, 2)
            process = member.process
            self.after(past * self.lease_seconds,
                       lambda: member.process is process and member.resume())

    def calm(self):
        """No more faults: everything goes on and stays up."""
        for member in self.members:
            member.resume()
        self.timers.clear()

    def stop(self):
        """Ends everything cleanly, workers first; exit code and name of those that did not."""
        wrong = []
        for member in (*self.workers, self.daemon):
            code = member.process.stop(signal.SIGTERM)
            if code not in (0, *member.allowed_ends()):
                wrong.append(f"{member.name} ended with {code}")
        return wrong
