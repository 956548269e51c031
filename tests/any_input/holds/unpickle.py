"""Loads pickles as a GraphServer does, but runs nothing: tells the calls that each would have made.

Reads a line, a JSON array of known texts; then pickles, each after its little-endian u64 length. Answers
each with a line of JSON: an array of calls, a call being the name of what is called and its arguments. A
known text is told by its place among them, {"known": 0}, for it is long.
"""

import io
import json
import pickle
import sys


class Reader(pickle.Unpickler):
    def find_class(self, module, name):
        def call(*arguments):
            calls.append([f"{module}.{name}", *map(brief, arguments)])
            return calls[-1]

        return call


def brief(value):
    if isinstance(value, dict):
        return {key: brief(item) for key, item in value.items()}
    return {"known": known[value]} if isinstance(value, str) and value in known else value


known = {text: place for place, text in enumerate(json.loads(sys.stdin.buffer.readline()))}
while length := sys.stdin.buffer.read(8):
    message = io.BytesIO(sys.stdin.buffer.read(int.from_bytes(length, "little")))
    calls = []
    value = Reader(message).load()
    assert value is calls[-1] and not message.read()
    print(json.dumps(calls), flush=True)
