"""killproxy - stands between penstock and the emulator, counts requests, and at the n-th kills a process

An HTTP/1.1 reverse proxy on 127.0.0.1 (a thread of its own, the system's choice of port). What passes is not touched:
the Host goes on as it was sent, so signatures hold. Every request has a number, from 1, in the order of arrival.

    with KillProxy(upstream_port) as proxy:
        proxy.arm(17, "after", lambda: pid)      # once number 17 was carried out, and before its answer is seen
        ... let penstock speak to proxy.port ...
        proxy.log                                # [Request(number, op, status), ...]

`before`: the request never reaches the emulator. `after`: it was carried out, and the answer is lost.
`drop(number, when)` does the same to the connection alone and kills nothing. More, by op (OPS below) and which one of
that op it is, counted from 1; 0 means each:

    proxy.arm_op("create", 1, "after", lambda: pid)         # as arm()
    proxy.first("stop", 1, function)                        # the whole request waits until function() has returned
    proxy.swap("create", 2, "after", answer(502, b"..."))   # the client gets this instead; None: the connection closes
    proxy.rewrite("get_job", function)                      # function(body) is what the client gets as body, each time
"""
import asyncio
import collections
import os
import re
import signal
import threading

Request = collections.namedtuple("Request", "number op status")
Swap = collections.namedtuple("Swap", "when answer")

HEAD_BYTES_MAX = 1 << 20
PIECE_BYTES = 1 << 18

OPS = [
    ("POST", r"^/model-invocation-job$", "create"),
    ("POST", r"^/model-invocation-job/[^/]+/stop$", "stop"),
    ("GET", r"^/model-invocation-jobs(\?|$)", "list_jobs"),
    ("GET", r"^/model-invocation-job/", "get_job"),
    ("POST", r"^/$", "identity"),
    ("GET", r"[?&]list-type=2", "list_objects"),
    ("GET", r"[?&]uploads", "list_uploads"),
    ("GET", r"[?&]uploadId=", "list_parts"),
    ("POST", r"[?&]uploads", "create_upload"),
    ("PUT", r"[?&]partNumber=", "part"),
    ("POST", r"[?&]uploadId=", "complete"),
    ("DELETE", r"[?&]uploadId=", "abort"),
    ("PUT", r"", "put"),
    ("GET", r"", "get_object"),
    ("HEAD", r"", "head_object"),
    ("DELETE", r"", "delete"),
]


def op_of(method, target):
    return next((op for verb, pattern, op in OPS if verb == method and re.search(pattern, target)), "other")


def answer(status, body, kind="application/json", length=None):
    """An answer's bytes; `length` more than there is: it is cut, and the connection closes."""
    head = "HTTP/1.1 %d Made-Up\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (
        status, kind, len(body) if length is None else length)
    return head.encode() + body


class Message:
    """The head of a request or an answer, and how long its body is."""

    def __init__(self, head):
        self.head = head
        lines = head.decode("latin-1").split("\r\n")
        self.first = lines[0].split(" ", 2)
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers[name.strip().lower()] = value.strip()
        self.is_chunked = "chunked" in self.headers.get("transfer-encoding", "").lower()
        length = self.headers.get("content-length")
        self.length = int(length) if length is not None else None
        self.is_last = self.headers.get("connection", "").lower() == "close"


class KillProxy:
    def __init__(self, upstream_port):
        self.upstream_port = upstream_port
        self.port = None
        self.log = []
        self.count = 0
        self.plans = {}
        self.op_plans = {}
        self.hooks = {}
        self.swaps = {}
        self.rewrites = {}
        self.op_counts = collections.Counter()
        self.fired = None
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.is_ready = threading.Event()

    def __enter__(self):
        self.thread.start()
        self.is_ready.wait()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    def arm(self, number, when, pid_of):
        """At request `number` (counted from the start of the proxy) kills pid_of(), `before` or `after` its effect."""
        self.plans[number] = (when, pid_of)

    def drop(self, number, when):
        self.plans[number] = (when, None)

    def arm_op(self, op, nth, when, pid_of):
        self.op_plans[op, nth] = (when, pid_of)

    def first(self, op, nth, function):
        self.hooks[op, nth] = function

    def swap(self, op, nth, when, made):
        self.swaps[op, nth] = Swap(when, made)

    def rewrite(self, op, function):
        self.rewrites[op] = function

    # --- the thread ----------------------------------------------------------------------------------

    def serve(self):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self.accept, "127.0.0.1", 0, limit=HEAD_BYTES_MAX))
        self.port = server.sockets[0].getsockname()[1]
        self.is_ready.set()
        try:
            self.loop.run_forever()
        finally:
            server.close()
            tasks = asyncio.all_tasks(self.loop)
            for task in tasks:
                task.cancel()
            self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            self.loop.close()

    async def accept(self, reader, writer):
        upstream = None
        try:
            upstream = await asyncio.open_connection("127.0.0.1", self.upstream_port, limit=HEAD_BYTES_MAX)
            while await self.pass_one(reader, writer, *upstream):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # one of the two left: so does the other
        finally:
            for end in (writer, upstream[1] if upstream else None):
                if end:
                    end.close()

    async def pass_one(self, reader, writer, up_reader, up_writer):
        """One request and its answer; False when the connection is at its end."""
        request = await read_head(reader)
        if request is None:
            return False
        self.count += 1
        number = self.count
        op = op_of(request.first[0], request.first[1])
        self.op_counts[op] += 1
        nth = self.op_counts[op]
        when, pid_of = self.plans.get(number) or self.op_plans.get((op, nth), (None, None))
        hook = self.hooks.get((op, nth)) or self.hooks.get((op, 0))
        body = b""
        if hook:
            # What the client has to say is here before anything happens to it.
            body = await reader.readexactly(request.length or 0)
            await self.loop.run_in_executor(None, hook)
        length = 0 if hook else request.length or 0
        swap = self.swaps.get((op, nth)) or self.swaps.get((op, 0))
        if when == "before":
            self.log.append(Request(number, op, None))
            self.fire(number, pid_of)
            return False
        if swap and swap.when == "before":
            self.log.append(Request(number, op, None))
            await copy_body(reader, None, request, length)
            return await self.give(writer, swap.answer)
        up_writer.write(request.head + body)
        sending = asyncio.ensure_future(copy_body(reader, up_writer, request, length))
        try:
            answer = await self.answer_of(up_reader, None if when or swap else writer)
            if answer is None:
                return False
            self.log.append(Request(number, op, int(answer.first[1])))
            has_body = request.first[0] != "HEAD" and answer.first[1] not in ("204", "304")
            if when == "after":
                await copy_body(up_reader, None, answer, answer.length if has_body else 0)
                self.fire(number, pid_of)
                return False
            if swap:
                await sending
                await copy_body(up_reader, None, answer, answer.length if has_body else 0)
                return await self.give(writer, swap.answer)
            if op in self.rewrites and answer.length:
                body = self.rewrites[op](await up_reader.readexactly(answer.length))
                head = re.sub(rb"(?i)\r\ncontent-length: \d+", b"\r\nContent-Length: %d" % len(body), answer.head)
                await put(writer, head + body)
                return not (request.is_last or answer.is_last)
            writer.write(answer.head)
            await copy_body(up_reader, writer, answer, answer.length if has_body else 0)
            await writer.drain()
            await sending
        finally:
            sending.cancel()
        return not (request.is_last or answer.is_last)

    async def answer_of(self, up_reader, writer):
        """The final answer; an interim one (100 Continue) is passed on at once."""
        while True:
            answer = await read_head(up_reader)
            if answer is None or not answer.first[1].startswith("1"):
                return answer
            if writer:
                writer.write(answer.head)
                await writer.drain()

    async def give(self, writer, made):
        """What was made up, and the end of the connection: a cut answer ends there."""
        if made:
            await put(writer, made)
        return False

    def fire(self, number, pid_of):
        self.fired = number
        if pid_of:
            os.kill(pid_of(), signal.SIGKILL)


async def read_head(reader):
    try:
        return Message(await reader.readuntil(b"\r\n\r\n"))
    except asyncio.IncompleteReadError as end:
        if end.partial:
            raise
        return None


async def copy_body(reader, writer, message, length):
    """Copies `length` bytes, or chunks up to the last one; length None without chunks: up to the end."""
    if message.is_chunked:
        while True:
            line = await reader.readuntil(b"\r\n")
            size = int(line.split(b";")[0], 16)
            await put(writer, line + await reader.readexactly(size + 2))
            if size == 0:
                return
    left = length
    while left is None or left > 0:
        piece = await reader.read(PIECE_BYTES if left is None else min(left, PIECE_BYTES))
        if not piece:
            if left is None:
                return
            raise asyncio.IncompleteReadError(b"", left)
        left = None if left is None else left - len(piece)
        await put(writer, piece)


async def put(writer, data):
    if writer:
        writer.write(data)
        await writer.drain()
