# SPDX-License-Identifier: MIT
"""A relay between a client and the daemon's requests socket that loses replies: the request goes
through, the answer is kept back, and the connection ends as it does when a network device dies."""
import selectors
import socket
import threading

# Longer than everything that a daemon says before its first reply (greeting, handshake, ping), and
# shorter than any reply that carries an operation.
REPLY_BYTES = 300


class Relay:
    """Listens on loopback; `endpoint` is where clients connect to. While `is_losing` is set, each
    reply is put into `lost` instead of being passed on, and its connection is cut."""

    def __init__(self, endpoint):
        assert endpoint.startswith("ipc://"), endpoint
        self.path = endpoint[len("ipc://"):]
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        self.is_losing = False
        self.lost = []
        self.is_closing = False
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ, None)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def close(self):
        self.is_closing = True
        self.thread.join()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()

    def run(self):
        while not self.is_closing:
            for key, _ in self.selector.select(0.05):
                if key.data is None:
                    self.accept()
                elif key.fileobj.fileno() >= 0:  # The other end may just have closed both.
                    self.carry(key.fileobj, *key.data)

    def accept(self):
        client, _ = self.listener.accept()
        daemon = socket.socket(socket.AF_UNIX)
        try:
            daemon.connect(self.path)
        except OSError:  # It is being restarted; the client will come again.
            daemon.close()
            client.close()
            return
        self.selector.register(client, selectors.EVENT_READ, (daemon, False))
        self.selector.register(daemon, selectors.EVENT_READ, (client, True))

    def carry(self, source, target, is_reply):
        try:
            data = source.recv(65536)
            if data and not (is_reply and self.is_losing and len(data) > REPLY_BYTES):
                target.sendall(data)
                return
            if data:
                self.lost.append(data)
        except OSError:
            pass
        for end in (source, target):
            self.selector.unregister(end)
            end.close()
