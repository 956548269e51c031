"""Which component keys a pipeline will register: known from its parts, of which none is started or changed."""

from collections.abc import Iterator, Mapping

import ezmsg.core as ez


def component_keys(components: Mapping[str, ez.Component], under: str = "") -> Iterator[str]:
    """Those of `ez.run(components)` with ezmsg 3.9.0; of one with the root_name "LAB", `under` is "LAB/"."""
    for name, component in components.items():
        key = f"{under}{name}"
        yield key
        yield from component_keys(component.components, f"{key}/")
        # Where a collection relays, ezmsg puts a unit.
        for stream_name, stream in component.streams.items():
            if isinstance(stream, ez.InputRelay):
                yield f"{key}/__relay_in_{stream_name}"
            elif isinstance(stream, ez.OutputRelay):
                yield f"{key}/__relay_out_{stream_name}"
