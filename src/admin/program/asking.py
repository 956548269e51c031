# Asks processes: for a sign of life, and how many messages they have carried.

use("reading")

REQUEST_PREFIX = "graphctl"
PING = "PING"
PROFILE = "GET_PROFILING_SNAPSHOT"
# A process that is alive and did not answer is asked again after this time, and then each time after
# twice as long.
FIRST_PAUSE = 4.0
# In seconds: no process runs for longer.
LONGEST_RUN = 1e11


class Question:
    """What graphctl, this one or an earlier one, asked a process and has no answer to yet."""

    def __init__(self, server, info, operation, unanswered):
        self.server = server
        self.info = info
        self.operation = operation
        self.futures = [future for future, _ in unanswered]
        self.sent = [sent for _, sent in unanswered]

    def asked_ms(self):
        """How long ago it was first asked."""
        return (time.perf_counter() - self.sent[0]) * 1000

    def may_be_sent(self):
        """
        A first time, and again only if the process has read the earlier requests: requests that nobody
        reads pile up until the server wedges. Something that came from it since then shows that.
        """
        if not self.sent:
            return True
        tcp = Tcp.of(self.info.writer)
        waited = time.perf_counter() - self.sent[-1]
        read = tcp is not None and tcp.heard_within(waited * 1000 - KERNEL_TICK_MS)
        answers_are_read = not self.server._command_lock.locked()
        return read and answers_are_read and waited >= FIRST_PAUSE * 2 ** (len(self.sent) - 1)

    def is_blocked(self):
        """Earlier requests still wait to be sent to the process."""
        writer = self.info.writer
        return bool(writer.transport.get_write_buffer_size()) or self.info.write_lock.locked()

    def send(self):
        """
        Asks without the command lock and without waiting.

        The server's own routing waits, under the command lock, until the request is in the process's
        socket: with a stopped process that can be for ever. And it forgets a request that was not
        answered in time, so that a late answer is logged as unknown. Here the request stays registered
        until the process answers or leaves.
        """
        from ezmsg.core.graphmeta import ProcessControlRequest
        from ezmsg.core.netprotocol import Command

        unit = min(self.info.units, key=text)
        sent = time.perf_counter()
        request_id = f"{REQUEST_PREFIX}-{self.operation}-{sent:.6f}-{uuid1()}"
        body = pickle.dumps(ProcessControlRequest(request_id, unit, self.operation))
        future = asyncio.get_running_loop().create_future()
        self.server._pending_process_requests[request_id] = (self.info.id, future)
        header = Command.PROCESS_ROUTE_REQUEST.value + struct.pack("<Q", len(body))
        self.info.writer.write(header + body)
        self.futures.append(future)
        self.sent.append(sent)


def unanswered(server, operation):
    """By process: the requests of every graphctl that it has not answered, and when they were sent."""
    requests = {}
    for request_id, (owner, future) in server._pending_process_requests.items():
        parts = request_id.split("-")
        if parts[:2] == [REQUEST_PREFIX, operation]:
            requests.setdefault(owner, []).append((future, float(parts[2])))
    return requests


async def ask(server, replies, infos, operation, seconds):
    """Asks all processes at once; gives each with its answer, or None for none in time."""
    waiting, heard = {}, asyncio.Queue()
    earlier = unanswered(server, operation)
    for info in infos:
        await replies.breathe()
        if not info.units or info.writer.transport.is_closing():
            continue
        question = Question(server, info, operation, earlier.get(info.id, ()))
        if question.may_be_sent() and not question.is_blocked():
            question.send()
        if not question.futures:
            yield question, None
        waiting.update(dict.fromkeys(question.futures, question))
    futures = list(waiting)
    timer = asyncio.get_running_loop().call_later(seconds, heard.put_nowait, None)
    try:
        for future in futures:
            future.add_done_callback(heard.put_nowait)
        while waiting and (future := await heard.get()):
            question = waiting.get(future)
            for other in question.futures if question else ():
                del waiting[other]
            if question:
                yield question, future
        for question in dict.fromkeys(waiting.values()):
            yield question, None
    finally:
        timer.cancel()
        for future in futures:
            future.remove_done_callback(heard.put_nowait)


async def ping_processes(server, request, replies):
    """Gives the rows for each. Who is asked what it has carried gives a sign of life with that."""
    rows = []
    begun = time.perf_counter()
    processes = clients_of(server, "ProcessInfo")
    operation = PROFILE if request["traffic"] else PING
    async for question, future in ask(server, replies, processes, operation, request["ping_seconds"]):
        ms = (time.perf_counter() - begun) * 1000
        answer = answer_of(future) if future else silence_of(server, question, ms)
        tcp = Tcp.of(question.info.writer) if question.sent else None
        unacked_ms = tcp and tcp.unacked_ms()
        process_id = question.info.id.hex
        rows.append(("ping", process_id, answer, ms if future else None, unacked_ms))
        if future and request["traffic"]:
            rows += traffic_of(process_id, future)
        await replies.breathe()
    return rows


def answer_of(future):
    if future.cancelled() or future.exception() is not None:
        return "failed"
    response = future.result()
    code = getattr(response, "error_code", None)
    return "ok" if response.ok else text(getattr(code, "name", "failed")).lower()


def silence_of(server, question, looked_ms):
    """The server reads answers only while it can have its command lock; the kernel always does."""
    if not question.sent:
        return "blocked"
    # While the lock is held the server has read no answer, to an earlier look's ping either.
    waited_ms = question.asked_ms() if server._command_lock.locked() else looked_ms
    tcp = Tcp.of(question.info.writer)
    return "heard" if tcp and tcp.heard_within(waited_ms + KERNEL_TICK_MS) else "timeout"


def traffic_of(process_id, future):
    """
    A row of what its publishers and subscribers have carried since it started; none for an answer that
    makes no sense. The rates that ezmsg tells start anew with every reader: whoever wants one reads twice.
    """
    try:
        profile = pickle.loads(future.result().payload)
        published = sum(whole(it.messages_published_total) for it in profile.publishers.values())
        received = sum(whole(it.messages_received_total) for it in profile.subscribers.values())
        seconds = float(profile.timestamp) / 1e9
    except Exception:
        return []
    # JSON has no word for what is no number, or endless.
    known = 0 <= seconds < LONGEST_RUN
    return [("traffic", process_id, published, received, seconds)] if known else []


def whole(value):
    return value if type(value) is int and 0 <= value < 2**48 else 0


async def answer_measure(server, request, replies):
    apart = request["apart_seconds"]
    for pause in (0.0,) if apart is None else (0.0, apart):
        await asyncio.sleep(pause)
        infos = [server.clients.get(UUID(process_id)) for process_id in request["processes"]]
        infos = [info for info in infos if kind_of(info) == "ProcessInfo"]
        async for it, future in ask(server, replies, infos, PROFILE, request["ping_seconds"]):
            for row in traffic_of(it.info.id.hex, future) if future else ():
                await replies.row(*row)
