# Asks the kernel about TCP sockets of the server's network, by netlink.

import socket

# Of linux/netlink.h, linux/sock_diag.h and linux/inet_diag.h.
NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLM_F_REQUEST = 0x1
NLM_F_DUMP = 0x300
INET_DIAG_INFO = 2
ALL_STATES = 0xFFFFFFFF
ESTABLISHED = 1 << 1
NO_COOKIE = b"\xff" * 8
HEADER = struct.Struct("=IHHII")
REQUEST = struct.Struct("=BBBxI2s2s16s16sI8s")
ANSWER = struct.Struct("=4x2s2s16s16s12x12xII")
ATTRIBUTE = struct.Struct("=HH")
# In `struct tcp_info`: how long ago data was last sent, in milliseconds, and how many bytes were acknowledged in all.
SENT = struct.Struct("=44xI72xQ")
# Bytes that a publisher sends on a new connection before the first message, apart from its topic: an upper bound.
GREETING = 128
# The longest answer that the kernel gives at once, in bytes.
LONGEST_ANSWER = 1 << 16


def open_diag():
    diag = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_SOCK_DIAG)
    diag.connect((0, 0))
    # In seconds. The kernel answers at once.
    diag.settimeout(0.2)
    return diag


def ask_diag(diag, flags, *request):
    body = REQUEST.pack(*request)
    diag.send(HEADER.pack(HEADER.size + len(body), SOCK_DIAG_BY_FAMILY, flags, 1, 0) + body)


def packed_address(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return family, socket.inet_pton(family, address).ljust(16, b"\0")


def find_socket(diag, client, server):
    """The inode and the user of the client's end of a connection; None if it is not in this network."""
    family, source = packed_address(client[0])
    _, destination = packed_address(server[0])
    ports = struct.pack("!H", client[1]), struct.pack("!H", server[1])
    ends = *ports, source, destination, 0, NO_COOKIE
    ask_diag(diag, NLM_F_REQUEST, family, socket.IPPROTO_TCP, 0, ALL_STATES, *ends)
    answer = diag.recv(LONGEST_ANSWER)
    if HEADER.unpack_from(answer)[1] != SOCK_DIAG_BY_FAMILY:
        return None
    *_, user, inode = ANSWER.unpack_from(answer, HEADER.size)
    return inode, user


def messages_in(answer):
    """The kind and the place of each message in an answer."""
    start = 0
    while start + HEADER.size <= len(answer):
        length, kind, *_ = HEADER.unpack_from(answer, start)
        yield kind, start + HEADER.size, start + length
        start += max(HEADER.size, length + 3 & ~3)


def sent_on(answer, start, end):
    """How long ago data was last sent on a connection, in milliseconds, and how much in all, in bytes."""
    while start + ATTRIBUTE.size <= end:
        length, kind = ATTRIBUTE.unpack_from(answer, start)
        if kind == INET_DIAG_INFO and length >= ATTRIBUTE.size + SENT.size:
            return SENT.unpack_from(answer, start + ATTRIBUTE.size)
        start += max(ATTRIBUTE.size, length + 3 & ~3)
    return 0, 0


async def list_flows(replies, publishers):
    """
    When each publisher last sent a message to a channel in another process, by the kernel.

    The channels inside the publisher's own process are connected to its port too, but get their messages in another
    way: a connection that has carried no message does not count. A publisher on another machine may have the same
    port. So only publishers count whose connection to the server has the server's own address at both ends.
    """
    by_port = {}
    for info in publishers:
        peer, local = (info.writer.get_extra_info(it) for it in ("peername", "sockname"))
        port = integer(getattr(info.address, "port", None))
        if port and peer and local and peer[0] == local[0]:
            by_port.setdefault(port.to_bytes(2, "big"), []).append(info)
    sent = {}
    with open_diag() as diag:
        for family in socket.AF_INET, socket.AF_INET6:
            nothing = b"\0\0", b"\0\0", bytes(16), bytes(16), 0, NO_COOKIE
            flags = NLM_F_REQUEST | NLM_F_DUMP
            extension = 1 << (INET_DIAG_INFO - 1)
            ask_diag(diag, flags, family, socket.IPPROTO_TCP, extension, ESTABLISHED, *nothing)
            more = True
            while more:
                answer = diag.recv(LONGEST_ANSWER)
                for kind, start, end in messages_in(answer):
                    more = kind == SOCK_DIAG_BY_FAMILY
                    port = answer[start + 4 : start + 6]
                    if more and port in by_port:
                        ms, size = sent_on(answer, start + ANSWER.size, end)
                        if size > len(by_port[port][0].topic) + GREETING:
                            sent[port] = min(ms, sent.get(port, ms))
                await replies.breathe()
    for port, ms in sent.items():
        if len(by_port[port]) == 1:
            await replies.row("flow", by_port[port][0].id.hex, ms)
