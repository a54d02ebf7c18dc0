#!/usr/bin/env python3
"""Record packets of a real ZooKeeper server as golden bytes for the codec.

    apt-get install zookeeper python3
    python3 tests/data/record_golden.py > tests/data/golden/zookeeper-3.8.0.hex

Starts a standalone server of Debian's ZooKeeper on a free loopback port with its data in a temporary directory, speaks to
it over a plain socket with bytes made here (so no client library's habits are recorded), and prints every packet: a comment
line that says what it is, then a line of three words: > (request) or < (reply or event), the records in it by coord's names
(read_only: the optional last byte of a handshake; raw: bytes that are no record), and the packet in hex without its length. Takes about five seconds. Run again only to add packets: session ids, passwords
and times differ in each run.
"""
import glob
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time

JAR = "/usr/share/java/zookeeper.jar"  # names its dependencies in its manifest
SLF4J = glob.glob("/usr/share/java/slf4j-nop.jar") + glob.glob("/usr/share/java/slf4j-simple.jar")


def i32(value):
    return struct.pack(">i", value)


def i64(value):
    return struct.pack(">q", value)


def buf(value):
    return i32(-1) if value is None else i32(len(value)) + value


def text(value):
    return buf(value.encode())


def texts(values):
    return i32(len(values)) + b"".join(text(v) for v in values)


WORLD = i32(1) + i32(31) + text("world") + text("anyone")
TWO_ACLS = i32(2) + i32(1) + text("world") + text("anyone") + i32(31) + text("ip") + text("127.0.0.1")

AUTH = i32(1) + i32(31) + text("auth") + text("")
READ_TOO = i32(2) + i32(31) + text("auth") + text("") + i32(1) + text("world") + text("anyone")


def emit(comment, direction, records, packet):
    print(f"# {comment}\n{direction} {records} {packet.hex()}")


class Client:
    """One connection. Packets go out and come in one at a time, in the order that the script says."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.xid = 0

    def send(self, comment, records, packet):
        emit(comment, ">", records, packet)
        self.socket.sendall(i32(len(packet)) + packet)

    def receive(self):
        def exactly(size):
            data = b""
            while len(data) < size:
                more = self.socket.recv(size - len(data))
                if not more:
                    raise EOFError
                data += more
            return data
        return exactly(struct.unpack(">i", exactly(4))[0])

    def reply(self, comment, records):
        """The next packet; an error reply is a header alone, whatever record was expected."""
        packet = self.receive()
        failed = records.startswith("reply_header,") and struct.unpack(">i", packet[12:16])[0] != 0
        emit(comment, "<", "reply_header" if failed else records, packet)
        return packet

    def connect(self, comment, timeout, session, password, read_only):
        tail = b"" if read_only is None else bytes([read_only])
        suffix = "" if read_only is None else ",read_only"
        self.send(comment, "connect_request" + suffix, i32(0) + i64(0) + i32(timeout) + i64(session) + buf(password) + tail)
        packet = self.reply("answer to " + comment, "connect_response" + suffix)
        return struct.unpack(">q", packet[8:16])[0], packet[20:36]

    def call(self, comment, op, record, body, answer, events=(), xid=None):
        """A request, the events that come before its reply, the reply."""
        if xid is None:
            self.xid += 1
            xid = self.xid
        self.send(comment, "request_header" + ("," + record if record else ""), i32(xid) + i32(op) + body)
        for event in events:
            self.reply(event, "reply_header,watcher_event")
        self.reply("answer to " + comment, "reply_header" + ("," + answer if answer else ""))


def record(port):
    main, other = Client(port), Client(port)
    session, password = main.connect("connect: new session", 8000, 0, bytes(16), False)
    other.connect("connect: without the readOnly byte, null password", 30000, 0, None, None)

    main.call("create: persistent", 1, "create_request", text("/golden") + buf(b"value") + WORLD + i32(0), "path_response")
    main.call("create: node exists", 1, "create_request", text("/golden") + buf(b"value") + WORLD + i32(0), "path_response")
    main.call("create: null data, ephemeral", 1, "create_request", text("/golden/e") + buf(None) + WORLD + i32(1),
              "path_response")
    main.call("create: empty data, persistent sequential", 1, "create_request", text("/golden/s-") + buf(b"") + WORLD + i32(2),
              "path_response")
    main.call("create: ephemeral sequential, two ACLs", 1, "create_request", text("/golden/es-") + buf(b"x") + TWO_ACLS + i32(3),
              "path_response")
    main.call("create: below an ephemeral node", 1, "create_request", text("/golden/e/x") + buf(b"") + WORLD + i32(0),
              "path_response")
    main.call("create: no ACL", 1, "create_request", text("/no-acl") + buf(b"") + i32(0) + i32(0), "path_response")
    main.call("create2: name beyond ASCII", 15, "create_request", text("/golden/\u00fc\u4e2d") + buf(b"\x00\xff") + WORLD + i32(0),
              "create2_response")
    main.call("create2: no parent", 15, "create_request", text("/none/x") + buf(b"") + WORLD + i32(0), "create2_response")
    main.call("createTTL: persistent", 21, "create_ttl_request", text("/golden/ttl") + buf(b"t") + WORLD + i32(5) + i64(600000),
              "create2_response")
    main.call("exists", 3, "path_watch_request", text("/golden") + b"\0", "stat")
    main.call("exists: ephemeral node", 3, "path_watch_request", text("/golden/e") + b"\0", "stat")
    main.call("exists: no node, with a watch", 3, "path_watch_request", text("/later") + b"\1", "stat")
    main.call("getData: with a watch", 4, "path_watch_request", text("/golden") + b"\1", "get_data_response")
    main.call("getData: null data", 4, "path_watch_request", text("/golden/e") + b"\0", "get_data_response")
    main.call("getData: empty data", 4, "path_watch_request", text("/golden/s-0000000001") + b"\0", "get_data_response")
    main.call("getData: no node", 4, "path_watch_request", text("/none") + b"\0", "get_data_response")
    main.call("setData: fires the own watch", 5, "set_data_request", text("/golden") + buf(b"new") + i32(0), "stat",
              ["event: data changed"])
    main.call("setData: any version, null data", 5, "set_data_request", text("/golden") + buf(None) + i32(-1), "stat")
    main.call("setData: bad version", 5, "set_data_request", text("/golden") + buf(b"x") + i32(7), "stat")
    main.call("getChildren: with a watch", 8, "path_watch_request", text("/golden") + b"\1", "children_response")
    main.call("getChildren: none", 8, "path_watch_request", text("/golden/e") + b"\0", "children_response")
    main.call("getChildren2", 12, "path_watch_request", text("/golden") + b"\0", "children2_response")
    main.call("getChildren2: no node", 12, "path_watch_request", text("/none") + b"\0", "children2_response")
    main.call("sync", 9, "path_request", text("/golden"), "path_response")
    main.call("ping", 11, "", b"", "", xid=-2)
    main.call("delete: not empty", 2, "delete_request", text("/golden") + i32(-1), "")
    main.call("delete: fires the child watch", 2, "delete_request", text("/golden/e") + i32(0), "", ["event: children changed"])
    main.call("create: path longer than the request", 1, "raw", i32(1000000), "")
    other.call("create: fires another's exists watch", 1, "create_request", text("/later") + buf(b"") + WORLD + i32(0),
               "path_response")
    main.reply("event: created", "reply_header,watcher_event")
    main.call("getData: watch a node to be deleted", 4, "path_watch_request", text("/later") + b"\1", "get_data_response")
    other.call("delete: fires another's data watch", 2, "delete_request", text("/later") + i32(-1), "")
    main.reply("event: deleted", "reply_header,watcher_event")

    inner = lambda op: i32(op) + b"\0" + i32(-1)
    end = i32(-1) + b"\1" + i32(-1)
    main.call("multi: one of each", 14, "multi_header,create_request,multi_header,create_request,multi_header,set_data_request,"
              "multi_header,check_request,multi_header,delete_request,multi_header",
              inner(1) + text("/golden/m") + buf(b"m") + WORLD + i32(0) + inner(1) + text("/golden/m/s-") + buf(None) + WORLD + i32(3) +
              inner(5) + text("/golden/m") + buf(b"n") + i32(0) + inner(13) + text("/golden/m") + i32(1) +
              inner(2) + text("/golden/m/s-0000000000") + i32(-1) + end,
              "multi_header,path_response,multi_header,path_response,multi_header,stat,multi_header,multi_header,multi_header")
    main.call("multi: the second fails", 14, "multi_header,create_request,multi_header,set_data_request,multi_header,delete_request,"
              "multi_header",
              inner(1) + text("/golden/never") + buf(b"m") + WORLD + i32(0) + inner(5) + text("/golden/m") + buf(b"n") + i32(7) +
              inner(2) + text("/golden/m") + i32(-1) + end,
              "multi_header,error_response,multi_header,error_response,multi_header,error_response,multi_header")
    main.call("multi: nothing", 14, "multi_header", end, "multi_header")
    main.call("multi: a read in it", 14, "raw", inner(4) + text("/golden") + b"\0" + end, "")
    main.call("multiRead: there and not there", 22, "multi_header,path_watch_request,multi_header,path_watch_request,multi_header,"
              "path_watch_request,multi_header", inner(4) + text("/golden/m") + b"\0" + inner(4) + text("/none") + b"\0" + inner(8) +
              text("/golden/m") + b"\0" + end,
              "multi_header,get_data_response,multi_header,error_response,multi_header,children_response,multi_header")
    main.call("createContainer", 19, "create_request", text("/golden/c") + buf(b"c") + WORLD + i32(4), "create2_response")
    main.call("create: auth without an id", 1, "create_request", text("/golden/a") + buf(b"") + AUTH + i32(0), "path_response")
    main.call("auth: digest", 100, "auth_packet", i32(0) + text("digest") + buf(b"me:secret"), "", xid=-4)
    main.call("create: auth", 1, "create_request", text("/golden/a") + buf(b"") + AUTH + i32(0), "path_response")
    main.call("getACL: own", 6, "path_request", text("/golden/a"), "get_acl_response")
    main.call("setACL: READ for all besides", 7, "set_acl_request", text("/golden/a") + READ_TOO + i32(0), "stat")
    main.call("setACL: bad version", 7, "set_acl_request", text("/golden/a") + READ_TOO + i32(0), "stat")
    other.call("getACL: the hash is hidden", 6, "path_request", text("/golden/a"), "get_acl_response")
    other.call("setData: not permitted", 5, "set_data_request", text("/golden/a") + buf(b"x") + i32(0), "stat")
    wrong = Client(port)
    wrong.connect("connect: for an unknown scheme", 8000, 0, bytes(16), False)
    wrong.call("auth: unknown scheme", 100, "auth_packet", i32(0) + text("unknown") + buf(b"x"), "", xid=-4)

    other.call("addWatch: persistent", 106, "add_watch_request", text("/golden/w") + i32(0), "error_response")
    main.call("create: fires another's persistent watch", 1, "create_request", text("/golden/w") + buf(b"") + WORLD + i32(0),
              "path_response")
    other.reply("event: created, persistent watch", "reply_header,watcher_event")
    other.call("checkWatches: any", 17, "watcher_type_request", text("/golden/w") + i32(3), "")
    other.call("removeWatches: any", 18, "watcher_type_request", text("/golden/w") + i32(3), "")
    other.call("checkWatches: none", 17, "watcher_type_request", text("/golden/w") + i32(3), "")
    other.call("addWatch: recursive", 106, "add_watch_request", text("/golden/w") + i32(1), "error_response")
    main.call("create: fires another's recursive watch", 1, "create_request", text("/golden/w/x") + buf(b"") + WORLD + i32(1),
              "path_response")
    other.reply("event: created, recursive watch", "reply_header,watcher_event")
    other.call("addWatch: unknown mode", 106, "add_watch_request", text("/golden/w") + i32(2), "error_response")
    main.call("getEphemerals", 103, "path_request", text("/golden/w"), "children_response")
    main.call("getAllChildrenNumber", 104, "path_request", text("/golden/w"), "count_response")
    main.call("getAllChildrenNumber: no node", 104, "path_request", text("/none"), "count_response")
    other.call("setWatches2: one fires", 105, "set_watches2_request",
               i64(0) + texts(["/golden/w"]) + texts(["/future"]) + texts([]) + texts(["/golden/w"]) + texts(["/golden"]), "",
               ["event: of setWatches2"], xid=-8)
    main.call("delete: fires another's persistent and recursive watch", 2, "delete_request", text("/golden/w/x") + i32(-1), "")
    other.reply("event: deleted, recursive watch", "reply_header,watcher_event")
    other.reply("event: children changed, persistent watch", "reply_header,watcher_event")

    moved = Client(port)
    moved.connect("connect: renewal", 8000, session, password, False)
    moved.call("setWatches: fires for what changed since", 101, "set_watches_request",
               i64(13) + texts(["/golden", "/later"]) + texts(["/golden", "/future"]) + texts(["/golden/s-0000000001"]), "",
               ["event: of setWatches, 1", "event: of setWatches, 2", "event: of setWatches, 3"], xid=-8)
    moved.call("setWatches: empty lists", 101, "set_watches_request", i64(0) + texts([]) + texts([]) + texts([]), "", xid=-8)
    moved.call("closeSession", -11, "", b"", "")
    refused = Client(port)
    refused.connect("connect: a closed session", 8000, session, password, False)


def wait_for(port, server):
    for _ in range(300):
        if server.poll() is not None:
            sys.exit("the server ended early")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as probe:
                probe.sendall(b"srvr")
                if probe.recv(100).startswith(b"Zookeeper version: 3.8.0"):
                    return
        except OSError:
            pass
        time.sleep(0.1)
    sys.exit("no ZooKeeper 3.8.0 there")


def main():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as directory:
        config = os.path.join(directory, "zoo.cfg")
        with open(config, "w") as file:
            file.write(f"tickTime=2000\ndataDir={directory}/data\nclientPort={port}\nclientPortAddress=127.0.0.1\n"
                       "admin.enableServer=false\n")
        server = subprocess.Popen(
            ["java", "-Xmx128m", "-Dzookeeper.extendedTypesEnabled=true", "-cp", ":".join([JAR] + SLF4J),
             "org.apache.zookeeper.server.ZooKeeperServerMain", config],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(port, server)
            print("# Packets of Apache ZooKeeper 3.8.0, recorded by tests/data/record_golden.py; its top describes the lines.")
            record(port)
        finally:
            server.terminate()
            server.wait()


main()
