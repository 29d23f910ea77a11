"""Our dummy service and client against those of the Python package: any difference is an error.

    python -u check.py PROGRAM    where PROGRAM is the binary built from `peer.rs`

run.sh runs it.
"""

import asyncio
import faulthandler
import subprocess
import sys
import threading
import time
from concurrent import futures
from contextlib import contextmanager

import grpc
from grpc import aio
from grpc_interceptor import (
    AsyncExceptionToStatusInterceptor,
    AsyncServerInterceptor,
    ClientInterceptor,
    ExceptionToStatusInterceptor,
    ServerInterceptor,
)
from grpc_interceptor import exceptions
from grpc_interceptor.testing import DummyRequest, DummyService, raises
from grpc_interceptor.testing.dummy_client import (
    AsyncDummyService,
    AsyncReadWriteDummyService,
)
from grpc_interceptor.testing.protos import dummy_pb2_grpc

# Longer than the whole run takes. After that, a traceback shows what is still waiting, and nothing outlives it:
# the program it started ends with its standard input.
faulthandler.dump_traceback_later(120, exit=True)

# For one call, or one step of it.
SECONDS = 10

# The same as in peer.rs.
UNICODE = "grüße 東京 😀 e\u0301 100 % \"\\\t\r\n"
METADATA = (
    ("test-ascii", "some text"),
    ("test-twice", "one"),
    ("test-twice", "two"),
    ("test-bytes-bin", b"\x00\xff\x80"),
)
METADATA_TEXT = "test-ascii=some text|test-bytes-bin=00ff80|test-twice=one|test-twice=two"
PATHS = [
    "/DummyService/Execute",
    "/DummyService/ExecuteClientStream",
    "/DummyService/ExecuteServerStream",
    "/DummyService/ExecuteClientServerStream",
]
ALL_CODES = [code for code in grpc.StatusCode if code != grpc.StatusCode.OK]


def same(actual, expected, what=""):
    """Unlike an `assert`, this isn't removed by `python -O`."""
    if actual != expected:
        raise AssertionError(f"{what}\n  expected {expected!r}\n  but got  {actual!r}")


def text_of(metadata):
    """The metadata that is the test's own, in an order that doesn't depend on who sent it."""
    entries = (
        f"{key}={value.hex() if isinstance(value, bytes) else value}"
        for key, value in metadata or ()
        if key.startswith("test-")
    )
    return "|".join(sorted(entries))


def requests(*inputs):
    return iter([DummyRequest(input=input) for input in inputs])


# ---- The package's client calls our server -------------------------------------------------------


class Calls:
    """The four RPCs alike: each gets one input, and gives its outputs as one text."""

    def __init__(self, channel):
        self.stub = dummy_pb2_grpc.DummyServiceStub(channel)

    def each(self, input, **options):
        """Calls each RPC: yields its path, its call, and a function that reads its response."""
        stub, options = self.stub, {"timeout": SECONDS, **options}
        request = DummyRequest(input=input)

        # A future has the metadata, which the response alone doesn't.
        call = stub.Execute.future(request, **options)
        yield PATHS[0], call, lambda: call.result().output
        stream = stub.ExecuteClientStream.future(requests(input), **options)
        yield PATHS[1], stream, lambda: stream.result().output
        many = stub.ExecuteServerStream(request, **options)
        yield PATHS[2], many, lambda: "".join(r.output for r in many)
        both = stub.ExecuteClientServerStream(requests(input), **options)
        yield PATHS[3], both, lambda: "".join(r.output for r in both)

    def outputs(self, input, **options):
        return [read() for _, _, read in self.each(input, **options)]

    def errors(self, input, **options):
        """The error of each RPC: its path, code, details and trailing metadata."""
        for path, call, read in self.each(input, **options):
            try:
                output = read()
            except grpc.RpcError as error:
                yield path, error.code(), error.details(), error.trailing_metadata()
            else:
                raise AssertionError(f"{path} of {input!r} should fail, but: {output!r}")


def call_our_server(address, unknown):
    with grpc.insecure_channel(address) as channel:
        grpc.channel_ready_future(channel).result(SECONDS)
        calls = Calls(channel)
        echoes(calls.stub)
        metadata(calls)
        errors(calls, unknown)
        unimplemented(channel)
        client_interceptors(channel)
        given_up(calls.stub)
    asyncio.run(asyncio.wait_for(read_and_write(address), 3 * SECONDS))


def echoes(stub):
    for input in ["foo", "", UNICODE, "x" * 1_000_000]:
        same(stub.Execute(DummyRequest(input=input), timeout=SECONDS).output, input)
        response = stub.ExecuteClientStream(requests(input, "", "bar"), timeout=SECONDS)
        same(response.output, input + "bar")
        responses = stub.ExecuteClientServerStream(requests(input, "bar"), timeout=SECONDS)
        same([response.output for response in responses], [input, "bar"])
    for input in ["foo", "", UNICODE]:
        responses = stub.ExecuteServerStream(DummyRequest(input=input), timeout=SECONDS)
        same([response.output for response in responses], list(input))
    same(stub.ExecuteClientStream(requests(), timeout=SECONDS).output, "")
    same(list(stub.ExecuteClientServerStream(requests(), timeout=SECONDS)), [])
    print("    four RPCs echo: text, nothing, Unicode, a megabyte")


def metadata(calls):
    same(calls.outputs("metadata", metadata=METADATA), [METADATA_TEXT] * 4)
    same(calls.outputs("metadata"), [""] * 4)
    print("    request metadata")
    for path, call, read in calls.each("foo"):
        same(read(), "foo", path)
        same(text_of(call.initial_metadata()), METADATA_TEXT, path)
        names = [value for key, value in call.initial_metadata() if key == "method-name"]
        same(names, [path], path)
    print("    response metadata, and the RPC's name, by an interceptor")
    same(calls.outputs("has a deadline", timeout=50), ["true"] * 4)
    same(calls.outputs("has a deadline", timeout=None), ["false"] * 4)
    print("    a deadline")


def errors(calls, unknown):
    for code in ALL_CODES:
        for path, *error in calls.errors(code.name):
            same(error[:2], [code, f"{code.name}: {UNICODE}"], path)
    print("    sixteen codes, with details, from four RPCs")
    for path, *error in calls.errors("default details"):
        same(error[:2], [grpc.StatusCode.NOT_FOUND, "Some requested entity was not found"], path)
    unknown_details = {"UNKNOWN": "Unknown error", "INTERNAL": "Internal error"}
    for path, *error in calls.errors("unknown"):
        same(error[:2], [grpc.StatusCode[unknown], unknown_details[unknown]], path)
    for path, *error in calls.errors("panic"):
        same(error[0], grpc.StatusCode.INTERNAL, path)
    print(f"    default details; an unknown error, which is {unknown}; a panic")
    for path, *error in calls.errors("error with metadata"):
        same(error[:2], [grpc.StatusCode.ABORTED, "see the metadata"], path)
        same(text_of(error[2]), METADATA_TEXT, path)
    for path, *error in calls.errors("error with details"):
        same(error[:2], [grpc.StatusCode.ABORTED, "see the details"], path)
        same(dict(error[2]).get("grpc-status-details-bin"), b"\x00\xff\x80", path)
    print("    errors with metadata and with binary details")

    outputs = []
    inputs = requests("a", UNICODE, "NOT_FOUND", "b")
    try:
        for response in calls.stub.ExecuteClientServerStream(inputs, timeout=SECONDS):
            outputs.append(response.output)
        raise AssertionError("the stream should fail")
    except grpc.RpcError as error:
        same(error.code(), grpc.StatusCode.NOT_FOUND)
    same(outputs, ["a", UNICODE])
    print("    an error in the middle of a stream")


def unimplemented(channel):
    try:
        channel.unary_unary("/DummyService/Unimplemented")(b"", timeout=SECONDS)
        raise AssertionError("there is no such RPC")
    except grpc.RpcError as error:
        same(error.code(), grpc.StatusCode.UNIMPLEMENTED)
    print("    an RPC that isn't there")


class SendMetadata(ClientInterceptor):
    def intercept(self, method, request_or_iterator, call_details):
        return method(request_or_iterator, call_details._replace(metadata=METADATA))


class Retry(ClientInterceptor):
    def __init__(self):
        self.codes = []

    def intercept(self, method, request_or_iterator, call_details):
        call = method(request_or_iterator, call_details)
        self.codes.append(call.code())
        if call.code() == grpc.StatusCode.UNAVAILABLE:
            return self.intercept(method, request_or_iterator, call_details)
        return call


def client_interceptors(channel):
    sending = Calls(grpc.intercept_channel(channel, SendMetadata()))
    response = sending.stub.Execute(DummyRequest(input="metadata"), timeout=SECONDS)
    same(response.output, METADATA_TEXT)
    response = sending.stub.ExecuteClientStream(requests("metadata"), timeout=SECONDS)
    same(response.output, METADATA_TEXT)
    for responses in [
        sending.stub.ExecuteServerStream(DummyRequest(input="metadata"), timeout=SECONDS),
        sending.stub.ExecuteClientServerStream(requests("metadata"), timeout=SECONDS),
    ]:
        same("".join(response.output for response in responses), METADATA_TEXT)
    retry = Retry()
    retrying = dummy_pb2_grpc.DummyServiceStub(grpc.intercept_channel(channel, retry))
    same(retrying.Execute(DummyRequest(input="flaky"), timeout=SECONDS).output, "OK")
    same(retry.codes, [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.OK])
    print("    the package's client interceptors: metadata, a retry")


def given_up(stub):
    """What the client gives up is dropped in our chain."""

    def how_many():
        request = DummyRequest(input="how many were given up")
        return stub.Execute(request, timeout=SECONDS).output

    same(how_many(), "0 timed out, 0 cancelled")
    call = stub.Execute.future(DummyRequest(input="forever"), timeout=0.2)
    # Depends on whose clock is faster: tonic's server answers CANCELLED when the deadline has passed.
    either = [grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED]
    same(call.code() in either, True, f"{call.code()} is one of {either}")
    call = stub.ExecuteClientServerStream(requests("foo", "forever"), timeout=SECONDS)
    same(next(call).output, "foo")
    call.cancel()
    end = time.monotonic() + SECONDS
    given_up = "1 timed out, 1 cancelled"
    while how_many() != given_up and time.monotonic() < end:
        time.sleep(0.01)
    same(how_many(), given_up)
    print("    a deadline that passes, and a cancelled stream: our chain is dropped")


async def read_and_write(address):
    """By asyncio, one message at a time."""
    async with aio.insecure_channel(address) as channel:
        stub = dummy_pb2_grpc.DummyServiceStub(channel)
        call = stub.ExecuteClientStream(timeout=SECONDS)
        for input in ["foo", "bar"]:
            await call.write(DummyRequest(input=input))
        await call.done_writing()
        same((await call).output, "foobar")

        call = stub.ExecuteClientServerStream(timeout=SECONDS)
        for input in ["one", "two", "three"]:
            await call.write(DummyRequest(input=input))
            same((await call.read()).output, input)
        await call.done_writing()
        same(await call.read(), aio.EOF)
    print("    asyncio: one message at a time, by read() and write()")


# ---- Our client calls the package's servers ------------------------------------------------------


def after(step, output):
    """What a special case answers when `step` is done: with asyncio, that has to be awaited."""
    if not asyncio.iscoroutine(step):
        return output

    async def awaited():
        await step
        return output

    return awaited()


def send_metadata(_, context):
    context.set_trailing_metadata((("test-zz-trailing", "the end"),))
    return after(context.send_initial_metadata(METADATA), "sent")


def abort(_, context):
    return after(context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "resource exhausted"), None)


def error_with_metadata(_, context):
    context.set_trailing_metadata(METADATA)
    raise exceptions.Aborted("see the metadata")


def error_with_details(_, context):
    context.set_trailing_metadata((("grpc-status-details-bin", b"\x00\xff\x80"),))
    raise exceptions.Aborted("see the details")


def has_a_deadline(_, context):
    remaining = context.time_remaining()
    return "true" if remaining is not None and remaining < 100 else "false"


def flaky():
    """Fails every other time."""
    calls = 0

    def answer(_, context):
        nonlocal calls
        calls += 1
        if calls % 2:
            raise exceptions.Unavailable("try again")
        return "OK"

    return answer


def special_cases():
    exception_of = {
        code: getattr(exceptions, code.name.title().replace("_", "")) for code in ALL_CODES
    }
    return {
        "metadata": lambda _, context: text_of(context.invocation_metadata()),
        "send metadata": send_metadata,
        "has a deadline": has_a_deadline,
        "unknown": raises(ValueError("oops")),
        "abort": abort,
        "error with metadata": error_with_metadata,
        "error with details": error_with_details,
        "flaky": flaky(),
        **{
            code.name: raises(exception(f"{code.name}: {UNICODE}"))
            for code, exception in exception_of.items()
        },
    }


class Names(ServerInterceptor):
    def __init__(self):
        self.names = set()

    def intercept(self, method, request_or_iterator, context, method_name):
        self.names.add(method_name)
        return method(request_or_iterator, context)


class AsyncNames(AsyncServerInterceptor):
    def __init__(self):
        self.names = set()

    async def intercept(self, method, request_or_iterator, context, method_name):
        self.names.add(method_name)
        responses = method(request_or_iterator, context)
        return responses if hasattr(responses, "__aiter__") else await responses


@contextmanager
def sync_server(service, unknown):
    names = Names()
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=4),
        interceptors=[names, ExceptionToStatusInterceptor(unknown)],
    )
    dummy_pb2_grpc.add_DummyServiceServicer_to_server(service(special_cases()), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port, names
    finally:
        server.stop(None).wait(SECONDS)


@contextmanager
def asyncio_server(service, unknown):
    """The server runs in a loop, in a thread of its own."""
    names = AsyncNames()
    loop = asyncio.new_event_loop()
    # A daemon thread, so that it can't keep the process alive.
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(SECONDS)

    async def start():
        server = aio.server(interceptors=[names, AsyncExceptionToStatusInterceptor(unknown)])
        dummy_pb2_grpc.add_DummyServiceServicer_to_server(service(special_cases()), server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        return server, port

    server, port = run(start())
    try:
        yield port, names
    finally:
        run(server.stop(None))
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SECONDS)


def main(peer):
    print("The package's client calls our server")
    # However this ends, the pipe is closed, which ends the server.
    with subprocess.Popen([peer, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        try:
            for place in ["given at creation", "in a layer"]:
                for unknown in ["UNKNOWN", "INTERNAL"]:
                    address = server.stdout.readline().decode().strip()
                    same(bool(address), True, "our server says where it is")
                    print(f"  whose interceptors are {place}, where what is unknown is {unknown}")
                    call_our_server(address, unknown)
            server.stdin.close()
            same(server.wait(SECONDS), 0, "our server's exit code")
        finally:
            server.kill()

    for name, start, service in [
        ("server", sync_server, DummyService),
        ("asyncio server", asyncio_server, AsyncDummyService),
        ("asyncio server with read() and write()", asyncio_server, AsyncReadWriteDummyService),
    ]:
        for unknown in [None, grpc.StatusCode.INTERNAL]:
            code = unknown.name if unknown else "UNKNOWN"
            print(f"Our client calls the package's {name}, where what is unknown is {code}")
            with start(service, unknown) as (port, names):
                arguments = [peer, "call", f"127.0.0.1:{port}", code]
                same(subprocess.run(arguments, timeout=40).returncode, 0, "our client's exit code")
            same(names.names, set(PATHS), "the names that an interceptor of the package saw")
    print("No difference was found.")


if __name__ == "__main__":
    main(*sys.argv[1:])
