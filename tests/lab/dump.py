"""All that a GraphServer keeps of its clients, as lines of text by kind: which no client can ask a stock one.

Left out is what says nothing of who is there: the handlers that have ended, which the server keeps; and shared
memory, which belongs to the process that made it.
"""

import asyncio
from uuid import UUID

import ezmsg.core as ez


def names(values: object) -> str:
    return ", ".join(sorted(map(str, values)))


def clients(server: ez.GraphServer, kind: str) -> list:
    return [info for info in server.clients.values() if type(info).__name__ == kind]


def channels(server: ez.GraphServer) -> list[str]:
    """
    To publishers that are there.

    One to a publisher that has left stays with a stock server until its subscriber is told, which may be never.
    """
    publishers = {info.id: info.topic for info in clients(server, "PublisherInfo")}
    ends = [publishers.get(info.pub_id) for info in clients(server, "ChannelInfo")]
    return [f"channel to {topic}" for topic in ends if topic is not None]


def session(info: object) -> str:
    components = names(info.metadata.components) if info.metadata else "nothing"
    return f"{info.id} has {components}; {names(' > '.join(edge) for edge in info.edges)}"


def settings_event(event: object) -> str:
    source = f"of {event.source_session_id} by {event.source_process_id}"
    return f"{event.event_type.name} {event.component_address} = {event.value.repr_value} {source}"


def topology_event(event: object) -> str:
    source = f"of {event.source_session_id} by {event.source_process_id}"
    return f"{event.event_type.name} {names(event.changed_topics)} {source}"


def dump(server: ez.GraphServer) -> dict[str, list[str]]:
    settings = server._settings_state.items()
    owners = server.graph.edge_owners.items()
    pending = server._pending_process_requests.values()
    return {
        "topics": list(server.graph.graph),
        "edges": [f"{edge} > {to}" for edge, ends in server.graph.graph.items() for to in ends],
        "owners": [f"{' > '.join(edge)} by {owner}" for edge, all in owners for owner in all],
        "sessions": [session(info) for info in clients(server, "SessionInfo")],
        "processes": [f"{info.id} runs {names(info.units)}" for info in clients(server, "ProcessInfo")],
        "publishers": [info.topic for info in clients(server, "PublisherInfo")],
        "subscribers": [info.topic for info in clients(server, "SubscriberInfo")],
        "channels": channels(server),
        "settings": [
            f"{key} = {it.value.repr_value} of {it.metadata_session_id} by {it.source_process_id}"
            for key, it in settings
        ],
        "settings owned": [
            f"{owner}: {names(keys)}" for owner, keys in server._settings_owned_by_session.items()
        ],
        "requests": [f"of {owner}, {'done' if it.done() else 'open'}" for owner, it in pending],
        "profiles": [str(process) for process in server._profiling_trace_buffers],
        "streams": ["settings"] * len(server._settings_subscribers)
        + ["topology"] * len(server._topology_subscribers),
        "settings events": [settings_event(event) for event in server._settings_events],
        "topology events": [topology_event(event) for event in server._topology_events],
    }


async def orphan(server: ez.GraphServer, client_id: UUID) -> None:
    """Ends the handler of a client before its clean-up: it waits for the lock, and is cancelled once more."""
    handler = server._client_tasks[client_id]
    async with server._command_lock:
        while not handler.done():
            handler.cancel()
            await asyncio.sleep(0)
