# Reads the Python stacks of the server's own process. A pipeline runs in it if ezmsg found no server and started one.

import os
import socket
import sys

# A process with more than MOST_THREADS threads is not read. Only the innermost MOST_FRAMES calls of a thread are.
MOST_THREADS = 256
MOST_FRAMES = 512


def own_sockets():
    """Maps the local address of each TCP socket of this process to its descriptor."""
    sockets = {}
    for fd in os.listdir("/dev/fd"):
        try:
            copy = os.dup(int(fd))
        except OSError:
            continue
        try:
            it = socket.socket(fileno=copy)
        except OSError:
            # The copy of what is no socket would stay open.
            os.close(copy)
            continue
        with it:
            if it.family in (socket.AF_INET, socket.AF_INET6) and it.type == socket.SOCK_STREAM:
                sockets[it.getsockname()[:2]] = int(fd)
    return sockets


def event_loop(frame):
    """The descriptors that the event loop of a thread waits for, and whether something is scheduled in it.

    Empty if the thread runs none.
    """
    while frame:
        loop = frame.f_locals.get("self") if frame.f_code.co_name == "run_forever" else None
        selector = getattr(loop, "_selector", None)
        if selector is not None:
            return set(selector.get_map() or ()), bool(getattr(loop, "_scheduled", True))
        frame = frame.f_back
    return set(), True


def calls_of(frame):
    """The calls of a thread but for those of this program, innermost first: function, file and line."""
    calls = []
    while frame and len(calls) < MOST_FRAMES:
        if frame.f_globals is globals():
            frame = frame.f_back
            continue
        code = frame.f_code
        function = text(getattr(code, "co_qualname", code.co_name))
        calls.append((function, text(code.co_filename), frame.f_lineno or 0))
        frame = frame.f_back
    return calls


async def answer_stacks(server, request, replies):
    from ezmsg.core import __version__

    sockets, held = own_sockets(), {}
    for session_id in request["sessions"]:
        info = server.clients.get(UUID(session_id))
        peer = info and info.writer.get_extra_info("peername")
        if peer and peer[:2] in sockets:
            held[session_id] = sockets[peer[:2]]
    if not held:
        return
    threads = {it.ident: it for it in threading.enumerate()}
    frames = list(sys._current_frames().items())
    if len(frames) > MOST_THREADS:
        return
    served = {}
    for ident, frame in frames:
        descriptors, timed = event_loop(frame)
        thread = threads.get(ident)
        for session_id, fd in held.items():
            if fd in descriptors and thread is not None:
                served[session_id] = thread.native_id, len(descriptors), timed
    # No await since the frames were taken: the event loop did not run. Other threads may have, so one reading proves
    # nothing.
    calls = [(threads.get(ident), calls_of(frame)) for ident, frame in frames]
    del frames
    await replies.row("interpreter", sys.version.split()[0], text(__version__))
    for thread, of_thread in calls:
        about = (thread.native_id, text(thread.name)) if thread else (None, None)
        await replies.row("thread", *about, of_thread)
    for session_id in held:
        await replies.row("served", session_id, served.get(session_id))
