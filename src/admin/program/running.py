# Runs one request, bound to the handler of our own session.

# The part that each operation is in, and its name there.
OPERATIONS = {
    "list": ("listing", "list_all"),
    "measure": ("asking", "measure"),
    "drop": ("dropping", "drop"),
    "free": ("locking", "free"),
}

EXPECTED = {
    "clients": dict,
    "_client_tasks": dict,
    "_command_lock": asyncio.Lock,
    "_pending_process_requests": dict,
    "_settings_events": list,
    "_settings_event_seq": int,
    "_topology_events": list,
    "_topology_event_seq": int,
}

METHODS = (
    "_downstream_subs",
    "_handle_client",
    "_handle_process",
    "_handle_session",
    "_notify_subscriber",
)


def use(part):
    """Compiles a part of this program, unless it has been."""
    source = globals().pop(part + ".py", None)
    if source is not None:
        exec(compile(source, part, "exec"), globals())


def check(server, session):
    for name, expected in EXPECTED.items():
        if not isinstance(getattr(server, name, None), expected):
            raise Refused(f"its GraphServer has no {expected.__name__} '{name}'")
    for name in METHODS:
        if not callable(getattr(server, name, None)):
            raise Refused(f"its GraphServer has no method '{name}'")
    if kind_of(session) != "SessionInfo":
        raise Refused("our own session is not a SessionInfo")


class Exchange:
    """One request and its answer, bound to the handler of our own session."""

    def __init__(self, server, session, request):
        from ezmsg.core.graphmeta import GraphMetadata

        self.server = server
        self.session = session
        self.request = request
        self.replies = Replies(session.writer)
        self.handler = asyncio.current_task()
        # A registration that waits for the command lock has not named our session yet.
        self.mark = session.metadata = GraphMetadata(1, "graphctl", {})
        self.replies.add("hello", time.time())
        self.replies.frame()
        self.task = asyncio.get_running_loop().create_task(self.answer())
        self.handler.add_done_callback(self.session_ended)

    async def answer(self):
        try:
            part, operation = OPERATIONS[self.request["operation"]]
            use(part)
            await globals()[operation](self.server, self.request, self.replies)
            self.replies.add("end", None)
        except Exception as error:
            self.replies.add("end", text(f"{type(error).__name__}: {error}"))
        finally:
            self.handler.remove_done_callback(self.session_ended)
        self.replies.frame()
        if self.session.metadata is self.mark:
            await self.hang_up()

    def session_ended(self, _):
        # A drop that was begun is finished, also when nobody waits for its outcome any more.
        if self.request["operation"] != "drop":
            self.task.cancel()

    async def hang_up(self):
        """
        Our registration still waits for the command lock, which may be held for ever.

        The handler would wait with it, read no further request, and not notice that we are gone.
        The first cancellation ends the registration, the second the wait of the clean-up, of which
        nothing is left to do.
        """
        self.server.clients.pop(self.session.id, None)
        self.server._client_tasks.pop(self.session.id, None)
        self.session.writer.close()
        for _ in range(100):
            if self.handler.done():
                break
            self.handler.cancel()
            await asyncio.sleep(0)


def main():
    request = json.loads(globals()["request"])
    server = threading.current_thread()
    session = server.clients[UUID(request["session"])]
    try:
        check(server, session)
        Exchange(server, session, request)
    except Refused as refusal:
        replies = Replies(session.writer)
        replies.add("refused", str(refusal))
        replies.frame()


try:
    main()
except Exception:
    # No row was sent, which tells graphctl enough; the server must not hear of it.
    pass
