"""Pipelines of every form that `ez.run` takes; `systems.py keys NAME` names one's component keys, `run NAME` runs it."""

import sys

import ezmsg.core as ez
from component_keys import component_keys


class Silent(ez.Unit):
    INPUT = ez.InputStream(int)
    OUTPUT = ez.OutputStream(int)

    async def initialize(self) -> None:
        print("a unit was started", flush=True)

    @ez.subscriber(INPUT)
    @ez.publisher(OUTPUT)
    async def listen(self, number: int) -> None:
        yield self.OUTPUT, number


class Flat(ez.Collection):
    ONE = Silent()
    TWO = Silent()


class Inherited(Flat):
    THREE = Silent()


class Relayed(ez.Collection):
    INPUT = ez.InputRelay(int)
    OUTPUT = ez.OutputRelay(int)
    SHORT_CUT = ez.InputTopic(int)
    UNIT = Silent()

    def network(self) -> ez.NetworkDefinition:
        return ((self.INPUT, self.UNIT.INPUT), (self.UNIT.OUTPUT, self.OUTPUT))


class Nested(ez.Collection):
    INNER = Flat()
    OTHER = Inherited()
    RELAYED = Relayed()
    UNIT = Silent()

    def process_components(self) -> tuple[ez.Component, ...]:
        return (self.INNER, self.UNIT)


class Empty(ez.Collection):
    UNIT = Silent()
    NOTHING = ez.Collection()


# How it is launched: its components, and what else `ez.run` is given.
FORMS = {
    "flat": (lambda: {"SYSTEM": Flat()}, {}),
    "nested": (lambda: {"SYSTEM": Nested()}, {}),
    "empty": (lambda: {"SYSTEM": Empty()}, {}),
    "unit": (lambda: {"UNIT": Silent()}, {}),
    "several": (lambda: {"FIRST": Flat(), "SECOND": Relayed(), "THIRD": Silent()}, {}),
    "root": (lambda: {"SYSTEM": Nested(), "UNIT": Silent()}, {"root_name": "LAB"}),
    "alone": (lambda: {"SYSTEM": Nested()}, {"force_single_process": True}),
}

if __name__ == "__main__":
    make, options = FORMS[sys.argv[2]]
    if sys.argv[1] == "keys":
        under = f"{options['root_name']}/" if "root_name" in options else ""
        print(*component_keys(make(), under), sep="\n")
    else:
        ez.run(make(), **options)
