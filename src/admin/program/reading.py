# What is read of clients, but for listing them.

import pickle
import socket
import sys
from uuid import uuid1

# Of the same struct: backoff, timeout, unacknowledged packets, and the times since data and
# an acknowledgement last came.
TCP_INFO = struct.Struct("=4xB3xI12xI24xII")
# The kernel tells the time since the last byte in ticks: it may be too long by one.
KERNEL_TICK_MS = 10


def kind_of(value):
    return type(value).__name__


def clients_of(server, kind):
    """A copy: the dict may change whenever this program yields."""
    return [info for info in list(server.clients.values()) if kind_of(info) == kind]


class Tcp:
    """What the kernel knows of a connection."""

    def __init__(self, raw):
        self.backoff, self.timeout_us, self.unacked, *ages = TCP_INFO.unpack_from(raw)
        self.last_data_received_ms, self.last_ack_received_ms = ages
        self.received = int.from_bytes(raw[RECEIVED], sys.byteorder)

    @classmethod
    def of(cls, writer):
        """None where it cannot be read."""
        if sys.platform != "linux":
            return None
        try:
            sock = writer.get_extra_info("socket")
            return cls(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, RECEIVED.stop))
        except Exception:
            return None

    def heard_within(self, ms):
        return self.last_data_received_ms < ms

    def unacked_ms(self):
        """
        How long the kernel has sent the same again and again without an acknowledgement; None if all is
        acknowledged.

        It waits twice as long each time, so its waits until the last repetition add up to nearly the
        one that is running now. The time since that repetition does not count: the host may be back.
        """
        if not self.unacked:
            return None
        repeated = self.timeout_us / 1000 * (1 - 0.5**self.backoff)
        return min(float(self.last_ack_received_ms), repeated)


def end_of(writer, name):
    address = writer.get_extra_info(name)
    return address and list(address[:2])
