"""How gunicorn serves the project by threads: https://gunicorn.org/design/"""

from types import FrameType

from gunicorn.workers.gthread import ThreadWorker


class Worker(ThreadWorker):
    """Closes its sockets as soon as it is told to end, after taking in who has connected by then.

    gthread keeps them open until its last request is finished: whoever connects meanwhile waits for nobody. A
    proxy that is refused asks another server at once.
    """

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.method_queue.defer(self.stop_listening)  # type: ignore[no-untyped-call]
        super().handle_exit(sig, frame)  # type: ignore[no-untyped-call]

    def stop_listening(self) -> None:
        self.set_accept_enabled(enabled=False)  # type: ignore[no-untyped-call]
        for listener in self.sockets:
            taken = None
            while taken != self.nr_conns:
                taken = self.nr_conns
                self.accept(listener)  # type: ignore[no-untyped-call]
            listener.close()
