# Who holds the command lock, and an end to a wait that has none.

import inspect

use("reading")

# The server's methods on the way to where it awaits anything while it holds its command lock: that is
# in the first and in the last. All else that it does under the lock, it does in one step.
LOCK_PATH = (
    "api",
    "_handle_session",
    "_handle_session_process_request",
    "_route_process_request",
)
# What `api` awaits under the lock, in these requests, and who must do something to end that.
LOCKING_REQUESTS = ("SUBSCRIBE", "PUBLISH", "CONNECT", "DISCONNECT", "SYNC")
AWAITED_IN_API = {
    "read_str": "client",
    "from_stream": "client",
    "drain": "client",
    "_notify_subscriber": "subscriber",
    "_notify_downstream_for_topic": "subscriber",
    "__aenter__": "publisher",
    "__aexit__": "publisher",
}


class LockWait:
    """What the holder of the command lock waits for: whose request it serves, and whose turn it is."""

    def __init__(self, request, asker, asked_by, waits_for, waited):
        # Set when it is found: the task that waits, and the row.
        self.task = self.fields = None
        self.request = request
        # A client, or None for a connection that is none; and the writer to either.
        self.asker = asker
        self.asked_by = asked_by
        self.waits_for = waits_for
        self.waited = waited
        self.writer = waited.writer if waited is not None else None
        if waits_for == "client":
            self.writer = asked_by

    def fields_of(self, server):
        tcp = self.asked_by and Tcp.of(self.asked_by)
        return {
            "request": self.request,
            "by": self.asker and str(self.asker.id),
            "by_peer": self.asked_by and end_of(self.asked_by, "peername"),
            # Since the last byte of the request, unless its client has sent more ahead.
            "asked_ms": tcp and tcp.last_data_received_ms,
            **self.target(),
            "gone": self.gone(server),
            "topic": optional_text(getattr(self.waited, "topic", None)),
        }

    def gone(self, server):
        """It left before its turn to confirm: the server asked it all the same, and waits for ever."""
        return self.waited is not None and self.waited.id not in server.clients

    def target(self):
        return {
            "waits_for": self.waits_for,
            "client": self.waited and str(self.waited.id),
            "peer": self.writer and end_of(self.writer, "peername"),
        }


def name_of(step):
    """Of a coroutine; what else a task may run has none."""
    return getattr(getattr(step, "cr_code", None), "co_name", None)


def local(step, name):
    """A local variable of a suspended coroutine. No frame is kept: it would keep all its variables."""
    return inspect.getcoroutinelocals(step).get(name)


def lock_wait_of(server, task):
    """
    What a task waits for with the command lock in hand; None if it does not hold it.

    The lock does not know its owner. But a task that waits is suspended in a chain of coroutines, and
    the server's own among them tell by their names and local variables how far they have come. Most
    tasks wait for their client's next request: these are told by their first two names.
    """
    path, inner = [], task.get_coro()
    while name_of(inner) in LOCK_PATH:
        path.append(inner)
        inner = inner.cr_await
    if not path or name_of(path[-1]) not in (LOCK_PATH[0], LOCK_PATH[-1]) or name_of(inner) is None:
        return None
    if local(path[-1], "self") is not server or local(inner, "self") is server._command_lock:
        return None
    if len(path) == 1 and name_of(path[0]) == "api":
        return lock_wait_in_api(path[0], inner)
    return lock_wait_in_routing(server, path, inner)


def lock_wait_in_api(step, inner):
    from ezmsg.core.netprotocol import Command

    request, waits_for = local(step, "req"), AWAITED_IN_API.get(name_of(inner))
    if not request or waits_for is None:
        return None
    request = Command(request).name
    if request not in LOCKING_REQUESTS:
        return None
    # SUBSCRIBE and PUBLISH make their connection a client once it has said all.
    asker = waited = local(step, "info")
    if waits_for == "publisher":
        waited = local(step, "pub")
    elif waits_for == "subscriber":
        waited = subscriber_of(inner)
    return LockWait(request, asker, local(step, "writer"), waits_for, waited)


def subscriber_of(step):
    """The one that is being told of a change in the graph."""
    while name_of(step) == "_notify_downstream_for_topic":
        step = step.cr_await
    return local(step, "sub") if name_of(step) == "_notify_subscriber" else None


def lock_wait_in_routing(server, path, inner):
    process = local(path[-1], "process_info")
    # The answer is awaited without the lock.
    if process is None or local(inner, "self") not in (process.write_lock, process.writer):
        return None
    asker = server.clients.get(local(path[0], "session_id"))
    asked_by = local(path[0], "writer")
    return LockWait("SESSION_PROCESS_REQUEST", asker, asked_by, "process", process)


async def find_lock_wait(server, replies):
    """What the holder of the command lock waits for, at the moment of the return; None if unknown."""
    try:
        for task in asyncio.all_tasks():
            await replies.breathe()
            wait = lock_wait_of(server, task)
            if wait is not None:
                wait.task, wait.fields = task, wait.fields_of(server)
                return wait
    except Exception:
        # Another ezmsg may call these by the same names, and mean something else.
        pass
    return None


def waiters_for_lock(server, request):
    """But for our own registration, which waits too while the lock is held."""
    waiters = getattr(server._command_lock, "_waiters", None) or ()
    own = getattr(server._client_tasks.get(UUID(request["session"])), "_fut_waiter", None)
    return sum(waiter is not own for waiter in waiters)


async def answer_free(server, request, replies):
    """Ends the connection that the holder of the lock waits for, if it still is the one it was."""
    outcome, detail = "already-gone", None
    if server._command_lock.locked():
        wait = await find_lock_wait(server, replies)
        # From here to the abort there is no await: nothing can slip in between.
        if wait is None or wait.writer is None or wait.target() != request["target"]:
            outcome, detail = "changed", "the command lock does not wait for it any more"
        else:
            wait.writer.transport.abort()
            if wait.gone(server):
                wait.waited.set_sync()
            outcome = "dropped" if await moved_on(server, wait) else "failed"
    await replies.row("freed", outcome, detail)


async def moved_on(server, wait):
    """Whether the holder of the lock has ceased to wait for that connection."""
    deadline = time.perf_counter() + GONE_AFTER_ABORT
    while time.perf_counter() < deadline:
        await asyncio.sleep(0.002)
        now = lock_wait_of(server, wait.task)
        if now is None or now.writer is not wait.writer:
            return True
    return False


async def hang_up(exchange):
    """
    Its registration still waits for the command lock, which may be held for ever.

    The handler would wait with it, read no further request, and not notice that graphctl is gone.
    The first cancellation ends the registration, the second the wait of the clean-up, of which
    nothing is left to do.
    """
    server, session = exchange.server, exchange.session
    server.clients.pop(session.id, None)
    server._client_tasks.pop(session.id, None)
    session.writer.close()
    for _ in range(100):
        if exchange.handler.done():
            break
        exchange.handler.cancel()
        await asyncio.sleep(0)
