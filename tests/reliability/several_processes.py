"""Starts the processes of one run."""

import socket

from forking import Commands


class Forked(Commands):
    """Processes of the real command that run at the same time, each with an output of its own."""

    def start(self, *words: object, dies: int | None = None, **environment: str) -> int:
        output = f"output{len(self.outputs)}"
        return super().start(*words, output=output, dies=dies, **environment)

    def start_all(self, count: int, *words: object, dying: int | None = None) -> list[int]:
        """Start the processes of one run; number `dying` dies in the middle of it."""
        port, started = free_port(), []
        for rank in range(count):
            joined = f"coordinator: 127.0.0.1:{port}, processes: {count}, rank: {rank}"
            dies = 3 if rank == dying else None
            started.append(self.start(*words, f"runner.distributed={{{joined}}}", dies=dies))
        return started


def free_port() -> int:
    """Return a free port of this machine."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
