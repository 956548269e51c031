# What the histories tell of processes: of those that left, too.

from bisect import bisect_left


async def list_processes_past(server, replies, processes):
    endpoints = await last_endpoints_before(server, replies, processes)
    for process_id, past in processes.items():
        endpoint = endpoints.get(process_id)
        number = past.last_change[1]
        await replies.row("process_past", process_id.hex, past.events, past.last, endpoint, number)


async def last_endpoints_before(server, replies, process_ids):
    """
    By process: the last publisher, subscriber or channel that connected before it and is gone too.

    The server forgets such clients but keeps their finished tasks.
    """
    processes = []
    for process_id in process_ids:
        await replies.breathe()
        processes.append((process_id.time, process_id))
    processes.sort()
    times = [time for time, _ in processes]
    latest = [None] * len(times)
    for client_id, task in list(server._client_tasks.items()):
        await replies.breathe()
        at = bisect_left(times, client_id.time)
        if client_id in server.clients or not task.done() or at == len(times):
            continue
        if latest[at] is None or latest[at].time < client_id.time:
            latest[at] = client_id
    last, before = {}, None
    for (_, process_id), client_id in zip(processes, latest):
        await replies.breathe()
        before = client_id or before
        last[process_id] = before and before.hex
    return last
