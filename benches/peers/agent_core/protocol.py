"""The line protocol of a peer: see benches/peers/README.md."""

import json
import os
import sys


def serve(load):
    """Answers requests until standard input ends.

    `load(problem)` makes a session with `note`, `measure(repeats)` -> (nanoseconds, operations)
    and `answer()`.
    """
    # What a library prints must not get between the replies.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    session = None
    for line in sys.stdin:
        verb, _, rest = line.strip().partition(" ")
        try:
            if verb == "load":
                with open(rest, encoding="utf-8") as file:
                    session = load(json.load(file))
                reply = {"ready": session.note}
            elif session is None:
                reply = {"error": "nothing was loaded"}
            elif verb == "measure":
                ns, operations = session.measure(int(rest))
                reply = {"ns": ns, "operations": operations}
            elif verb == "answer":
                reply = session.answer()
            else:
                reply = {"error": f"'{verb}' is no request"}
        except Exception as error:  # whatever it is, it is this request's answer
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=replies, flush=True)
