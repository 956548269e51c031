"""Capture what a real GraphServer says to graphctl, as seeds.

    python fuzz/capture.py NAME HOST:PORT GRAPHCTL ARGUMENTS…

Runs graphctl through a proxy. All that the server sent on the first connection becomes
fuzz/seeds/conversation/NAME, and the frames of the admin program in it fuzz/seeds/admin_reply/NAME.
Nothing of the capturing machine is kept: its name, its boot and the node of every UUID are replaced.
"""

import socket
import subprocess
import sys
import threading
import uuid
from pathlib import Path

TAG = b"\xe5"
DEADLINE_SECONDS = 30.0


def forward(source: socket.socket, sink: socket.socket, heard: bytearray) -> None:
    while data := source.recv(1 << 16):
        heard += data
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)


def serve(listener: socket.socket, server: tuple[str, int], heard: list[bytearray]) -> None:
    while True:
        client, _ = listener.accept()
        upstream = socket.create_connection(server, timeout=DEADLINE_SECONDS)
        heard.append(bytearray())
        for source, sink, kept in ((client, upstream, bytearray()), (upstream, client, heard[-1])):
            threading.Thread(target=forward, args=(source, sink, kept), daemon=True).start()


def of_no_machine(said: bytes) -> bytes:
    node, none = uuid.getnode(), 0x02005E005301
    for own, replacement in (
        (socket.gethostname().encode(), b"lab"),
        (Path("/proc/sys/kernel/random/boot_id").read_bytes().strip(), bytes(36).hex().encode()),
        (f"{node:012x}".encode(), f"{none:012x}".encode()),
        (node.to_bytes(6, "little"), none.to_bytes(6, "little")),
    ):
        said = said.replace(own, (replacement * len(own))[: len(own)])
    return said


def frames(said: bytes) -> list[bytes]:
    found, at = [], said.find(TAG)
    while at < len(said):
        if said[at : at + 1] != TAG:
            at += 1
            continue
        end = at + 9 + int.from_bytes(said[at + 1 : at + 9], "little")
        found.append(said[at + 9 : end])
        at = end
    return found


def main() -> None:
    name, server, graphctl, *arguments = sys.argv[1:]
    host, port = server.rsplit(":", 1)
    listener = socket.create_server(("127.0.0.1", 0))
    heard: list[bytearray] = []
    proxy = (listener, (host, int(port)), heard)
    threading.Thread(target=serve, args=proxy, daemon=True).start()
    address = "127.0.0.1:{}".format(listener.getsockname()[1])
    subprocess.run([graphctl, "--address", address, *arguments], timeout=DEADLINE_SECONDS)
    said = of_no_machine(bytes(heard[0]))
    seeds = Path(__file__).resolve().parent / "seeds"
    (seeds / "conversation" / name).write_bytes(said)
    if "--no-admin" not in arguments:
        (seeds / "admin_reply" / name).write_bytes(b"\n".join(frames(said)))


if __name__ == "__main__":
    main()
