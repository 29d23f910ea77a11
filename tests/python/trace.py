"""Calls go through both languages, which both create spans: they have to form a single trace.

    python -u trace.py PROGRAM    where PROGRAM is the binary built from `trace_peer.rs`

Python's spans are created by opentelemetry-instrumentation-grpc, as client and as server, and kept in memory. Ours are
created by `Trace` and arrive over the wire, at an OTLP receiver built from the published protos. trace.sh runs it.
"""

import asyncio
import faulthandler
import logging
import sys
import threading
import time
from collections import defaultdict
from concurrent import futures
from contextlib import asynccontextmanager, contextmanager
from typing import NamedTuple, Optional

import grpc
from grpc import aio
from grpc_interceptor.testing import DummyRequest, DummyService
from grpc_interceptor.testing.dummy_client import AsyncDummyService
from grpc_interceptor.testing.protos import dummy_pb2_grpc
from opentelemetry import baggage, context
from opentelemetry.instrumentation.grpc import (
    aio_client_interceptors,
    aio_server_interceptor,
    client_interceptor,
    server_interceptor,
)
from opentelemetry.instrumentation.grpc.grpcext import intercept_channel
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.proto.trace.v1 import trace_pb2
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

# Longer than the whole run takes. After that, a traceback shows what is still waiting, and nothing outlives it:
# the programs it started end with their standard input.
faulthandler.dump_traceback_later(120, exit=True)

# For one call, or one step of it.
SECONDS = 10

# Where our server has its `Trace`.
PLACES = ["given at creation", "in a layer"]

METHODS = ["Execute", "ExecuteClientStream", "ExecuteServerStream", "ExecuteClientServerStream"]

# The input of each call, and how the call ends.
INPUTS = {
    "tenant": grpc.StatusCode.OK,
    "NOT_FOUND": grpc.StatusCode.NOT_FOUND,
    "INTERNAL": grpc.StatusCode.INTERNAL,
}

TENANT = "blue"


def same(actual, expected, what=""):
    """An `assert` would be left out by `python -O`."""
    if actual != expected:
        raise AssertionError(f"{what}\n  expected {expected!r}\n  but got  {actual!r}")


# ---- The spans ----------------------------------------------------------------------------------


class Span(NamedTuple):
    language: str
    kind: str
    # service/method, in either form of the attributes
    method: str
    code: str
    is_error: bool
    trace: str
    id: str
    parent: Optional[str]

    @classmethod
    def of_python(cls, span):
        # These names predate the current OpenTelemetry conventions.
        number = span.attributes["rpc.grpc.status_code"]
        return cls(
            language="Python",
            kind=span.kind.name,
            method=f"{span.attributes['rpc.service']}/{span.attributes['rpc.method']}",
            code=next(code.name for code in grpc.StatusCode if code.value[0] == number),
            is_error=not span.status.is_unset,
            trace=f"{span.context.trace_id:032x}",
            id=f"{span.context.span_id:016x}",
            parent=f"{span.parent.span_id:016x}" if span.parent else None,
        )

    @classmethod
    def of_rust(cls, span):
        attributes = {each.key: each.value.string_value for each in span.attributes}
        same(span.name, attributes["rpc.method"])
        return cls(
            language="Rust",
            kind=trace_pb2.Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
            method=attributes["rpc.method"],
            code=attributes["rpc.response.status_code"],
            is_error=span.status.code != trace_pb2.Status.STATUS_CODE_UNSET,
            trace=span.trace_id.hex(),
            id=span.span_id.hex(),
            parent=span.parent_span_id.hex() or None,
        )


class Receiver(trace_service_pb2_grpc.TraceServiceServicer):
    def __init__(self):
        self.spans = []

    def Export(self, request, _):
        for of_resource in request.resource_spans:
            for of_scope in of_resource.scope_spans:
                same(of_scope.scope.name, "grpc-interceptor", "the scope")
                self.spans.extend(map(Span.of_rust, of_scope.spans))
        return trace_service_pb2.ExportTraceServiceResponse()


class Spans:
    """The spans of both languages. Ours are all here when their program has ended."""

    def __init__(self):
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.receiver = Receiver()

    @contextmanager
    def receive(self):
        # It isn't instrumented.
        server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(self.receiver, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.stop(None).wait(SECONDS)

    async def lines(self, expected, calls):
        """The spans of each call, by its RPC. Each is a trace of its own: a line of these spans."""
        of_python = calls * sum(language == "Python" for language, _ in expected)
        end = time.monotonic() + SECONDS
        # A client's span ends slightly after the call.
        while len(self.exporter.get_finished_spans()) < of_python and time.monotonic() < end:
            await asyncio.sleep(0.01)
        spans = [Span.of_python(span) for span in self.exporter.get_finished_spans()]
        traces = defaultdict(list)
        for span in spans + self.receiver.spans:
            traces[span.trace].append(span)
        same(len(traces), calls, f"traces: {dict(traces)}")
        lines = list(map(line_of, traces.values()))
        for line in lines:
            same([(span.language, span.kind) for span in line], expected, line)
            same({span.method for span in line}, {line[0].method}, line)
        return {line[0].method: line for line in lines}

    async def check(self, expected, code):
        """Each RPC was called once, and all spans say this code."""
        lines = await self.lines(expected, len(METHODS))
        same(sorted(lines), sorted(f"DummyService/{method}" for method in METHODS))
        for line in lines.values():
            for span in line:
                # NOT_FOUND isn't the server's fault.
                is_error = code == grpc.StatusCode.INTERNAL or (
                    code == grpc.StatusCode.NOT_FOUND and span.kind == "CLIENT"
                )
                same((span.code, span.is_error), (code.name, is_error), line)


def line_of(trace):
    """The spans of a trace, from the root on. Each has one child."""
    line, parent = [], None
    while len(line) < len(trace):
        children = [span for span in trace if span.parent == parent]
        same(len(children), 1, f"the children of {parent} in {trace}")
        line += children
        parent = children[0].id
    return line


# ---- Python's servers ---------------------------------------------------------------------------


def abort(code):
    # With asyncio this is a coroutine, which the service awaits.
    return lambda _, call: call.abort(code, "it fails")


SPECIAL_CASES = {
    "tenant": lambda *_: str(baggage.get_baggage("tenant")),
    "NOT_FOUND": abort(grpc.StatusCode.NOT_FOUND),
    "INTERNAL": abort(grpc.StatusCode.INTERNAL),
}


@asynccontextmanager
async def sync_server(provider):
    pool = futures.ThreadPoolExecutor(max_workers=4)
    server = grpc.server(pool, interceptors=[server_interceptor(tracer_provider=provider)])
    dummy_pb2_grpc.add_DummyServiceServicer_to_server(DummyService(SPECIAL_CASES), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(SECONDS).wait(SECONDS)
        # A span ends slightly after the response.
        pool.shutdown()


@asynccontextmanager
async def asyncio_server(provider):
    server = aio.server(interceptors=[aio_server_interceptor(tracer_provider=provider)])
    dummy_pb2_grpc.add_DummyServiceServicer_to_server(AsyncDummyService(SPECIAL_CASES), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(SECONDS)


# ---- Python's clients ---------------------------------------------------------------------------


async def sync_client(provider, address, input):
    return await asyncio.to_thread(call_each, provider, address, input)


def call_each(provider, address, input):
    request = DummyRequest(input=input)
    with grpc.insecure_channel(address) as channel, tenant():
        interceptor = client_interceptor(tracer_provider=provider)
        stub = dummy_pb2_grpc.DummyServiceStub(intercept_channel(channel, interceptor))
        return [
            answer(lambda: [stub.Execute(request, timeout=SECONDS)]),
            answer(lambda: [stub.ExecuteClientStream(iter([request]), timeout=SECONDS)]),
            answer(lambda: stub.ExecuteServerStream(request, timeout=SECONDS)),
            answer(lambda: stub.ExecuteClientServerStream(iter([request]), timeout=SECONDS)),
        ]


def answer(call):
    """The messages of one call, or its code."""
    try:
        return "".join(response.output for response in call())
    except grpc.RpcError as error:
        return error.code()


async def asyncio_client(provider, address, input):
    request = DummyRequest(input=input)
    interceptors = aio_client_interceptors(tracer_provider=provider)
    async with aio.insecure_channel(address, interceptors=interceptors) as channel:
        stub = dummy_pb2_grpc.DummyServiceStub(channel)
        with tenant():
            return [
                await one(stub.Execute(request, timeout=SECONDS)),
                await one(stub.ExecuteClientStream(iter([request]), timeout=SECONDS)),
                await many(stub.ExecuteServerStream(request, timeout=SECONDS)),
                await many(stub.ExecuteClientServerStream(iter([request]), timeout=SECONDS)),
            ]


async def one(call):
    try:
        return (await call).output
    except grpc.RpcError as error:
        return error.code()


async def many(call):
    try:
        return "".join([response.output async for response in call])
    except grpc.RpcError as error:
        return error.code()


@contextmanager
def tenant():
    """Baggage, which goes along with the trace."""
    token = context.attach(baggage.set_baggage("tenant", TENANT))
    try:
        yield
    finally:
        context.detach(token)


# ---- Both languages -----------------------------------------------------------------------------


@asynccontextmanager
async def running(*arguments):
    """One of our programs. It ends when its standard input is closed, and has sent its spans then."""
    pipe = asyncio.subprocess.PIPE
    program = await asyncio.create_subprocess_exec(*arguments, stdin=pipe, stdout=pipe)
    try:
        yield program
        program.stdin.close()
        same(await asyncio.wait_for(program.wait(), SECONDS), 0, "our program's exit code")
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()


async def line(program):
    read = await asyncio.wait_for(program.stdout.readline(), SECONDS)
    same(bool(read), True, "our program says something")
    return read.decode().strip()


THROUGH_OURS = [
    ("Python", "CLIENT"),
    ("Rust", "SERVER"),
    ("Rust", "CLIENT"),
    ("Python", "SERVER"),
]


async def python_rust_python(peer, client, server, place, input):
    spans = Spans()
    with spans.receive() as receiver:
        async with server(spans.provider) as next_server:
            async with running(peer, "forward", next_server, receiver) as program:
                addresses = [await line(program) for _ in range(2)]
                answers = await client(spans.provider, addresses[place], input)
    code = INPUTS[input]
    # The innermost server returns what the outermost client has put into the baggage.
    expected = TENANT if code == grpc.StatusCode.OK else code
    same(answers, [expected] * len(METHODS), input)
    await spans.check(THROUGH_OURS, code)


async def cancelled(peer, place):
    """Python's client cancels a stream after its first message."""
    spans = Spans()
    with spans.receive() as receiver:
        async with sync_server(spans.provider) as next_server:
            async with running(peer, "forward", next_server, receiver) as program:
                addresses = [await line(program) for _ in range(2)]
                await asyncio.to_thread(cancel, spans.provider, addresses[place])
    [spans_of_call] = (await spans.lines(THROUGH_OURS, 1)).values()
    # The package's server doesn't record in its span that the call was cancelled.
    same(
        [(span.code, span.is_error) for span in spans_of_call[:3]],
        [("CANCELLED", True), ("CANCELLED", False), ("CANCELLED", True)],
        spans_of_call,
    )


def cancel(provider, address):
    more = threading.Event()

    def requests():
        yield DummyRequest(input="first")
        more.wait(SECONDS)

    with grpc.insecure_channel(address) as channel:
        interceptor = client_interceptor(tracer_provider=provider)
        stub = dummy_pb2_grpc.DummyServiceStub(intercept_channel(channel, interceptor))
        call = stub.ExecuteClientServerStream(requests(), timeout=SECONDS)
        same(next(call).output, "first")
        call.cancel()
        same(call.code(), grpc.StatusCode.CANCELLED)
        more.set()


async def rust_python(peer, server, input):
    spans = Spans()
    code = INPUTS[input]
    with spans.receive() as receiver:
        async with server(spans.provider) as address:
            async with running(peer, "call", address, receiver, input) as program:
                codes = [await line(program) for _ in METHODS]
    same(codes, [str(code.value[0])] * len(METHODS), input)
    await spans.check([("Rust", "CLIENT"), ("Python", "SERVER")], code)


async def main(peer):
    logs = Logs()
    for name, client, server in [
        ("sync", sync_client, sync_server),
        ("asyncio", asyncio_client, asyncio_server),
    ]:
        for place, where in enumerate(PLACES):
            print(f"Python's client ({name}) calls our server, Trace {where}, which calls Python's server")
            for input, code in INPUTS.items():
                await python_rust_python(peer, client, server, place, input)
                print(f"    {code.name}: each of four RPCs is one trace of four spans")
        print(f"Our client calls Python's server ({name})")
        for input, code in INPUTS.items():
            await rust_python(peer, server, input)
            print(f"    {code.name}: each of four RPCs is one trace of two spans")
    for place, where in enumerate(PLACES):
        print(f"Python's client cancels a stream of our server, Trace {where}")
        await cancelled(peer, place)
        print("    CANCELLED: one trace of four spans")
    same(logs.records, [], "the log")


class Logs(logging.Handler):
    """What OpenTelemetry complains of is a mistake, too."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.records = []
        logging.getLogger("opentelemetry").addHandler(self)

    def emit(self, record):
        self.records.append(record.getMessage())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
