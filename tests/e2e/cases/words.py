"""Four-letter words, in ZooKeeper's format: what monitors read of them. The cases run against ZooKeeper too."""
import re
import struct

import records as r
from ensemble import wait_until
from suite import test

# What the exporters read (Prometheus, Telegraf, Datadog, check_zookeeper): ZooKeeper 3.8 has each.
MONITOR_KEYS = """
version server_state ephemerals_count num_alive_connections avg_latency min_latency max_latency outstanding_requests
znode_count global_sessions local_sessions non_mtls_remote_conn_count non_mtls_local_conn_count packets_sent packets_received
connection_drop_probability watch_count max_file_descriptor_count open_file_descriptor_count approximate_data_size uptime
outstanding_tls_handshake tls_handshake_exceeded unsuccessful_handshake watch_bytes connection_rejected connection_drop_count
connection_request_count bytes_received_count response_bytes commit_count snap_count looking_count digest_mismatches_count
stale_sessions_expired stale_requests stale_requests_dropped stale_replies throttled_ops large_requests_rejected
unrecoverable_error_count dead_watchers_queued dead_watchers_cleared add_dead_watcher_stall_time insecure_admin_count
response_packet_cache_hits response_packet_cache_misses response_packet_get_children_cache_hits
response_packet_get_children_cache_misses avg_readlatency min_readlatency max_readlatency cnt_readlatency sum_readlatency
avg_updatelatency min_updatelatency max_updatelatency cnt_updatelatency sum_updatelatency
quit_leading_due_to_disloyal_voter quorum_size peer_state
p50_readlatency p95_readlatency p99_readlatency p999_readlatency p50_updatelatency p95_updatelatency p99_updatelatency
p999_updatelatency avg_propagation_latency p99_propagation_latency avg_fsynctime max_fsynctime cnt_fsynctime avg_snapshottime
cnt_unavailable_time avg_node_created_watch_count cnt_node_deleted_watch_count max_node_changed_watch_count
sum_node_children_watch_count auth_failed_count connection_revalidate_count sessionless_connections_expired
cnxn_closed_without_zk_server_running last_client_response_size max_client_response_size min_client_response_size
ensemble_auth_success ensemble_auth_fail ensemble_auth_skip
""".split()
LEADER_KEYS = """
learners synced_followers synced_non_voting_followers synced_observers pending_syncs leader_uptime proposal_count
last_proposal_size max_proposal_size min_proposal_size
""".split()


@test(asan=True)
def mntr_has_the_keys_that_exporters_read(e):
    for server in e.servers:
        monitor = server.monitor()
        leads = monitor["zk_server_state"] == "leader"
        missing = [k for k in MONITOR_KEYS + (LEADER_KEYS if leads else []) if "zk_" + k not in monitor]
        assert not missing, "%s of %s" % (missing, server)
        for key in MONITOR_KEYS[2:]:
            if key not in ("peer_state", "server_state"):
                float(monitor["zk_" + key])


@test(own=True)
def mntr_counts_what_happens(e):
    server = e.servers[0]
    before = server.monitor()
    watchers, writer = [e.connect(server) for _ in range(3)], e.connect(server)
    writer.call(r.create("/counted", b"x"))
    for c in watchers:
        c.call(r.get("/counted", True))
    writer.call(r.set("/counted", b"y"))
    for c in watchers:
        c.call(r.exists("/counted"))
    watchers.pop().drop()
    wait_until(lambda: int(server.monitor()["zk_connection_drop_count"]) > int(before["zk_connection_drop_count"]), "it is counted")
    after = server.monitor()

    def grown(key):
        return float(after["zk_" + key]) - float(before["zk_" + key])
    assert grown("cnt_node_changed_watch_count") == 1 and grown("sum_node_changed_watch_count") == 3, after
    assert float(after["zk_max_node_changed_watch_count"]) >= 3
    assert grown("cnt_fsynctime") >= 1 and float(after["zk_max_fsynctime"]) >= float(after["zk_min_fsynctime"])
    assert grown("cnt_propagation_latency") >= 2
    assert 0 <= float(after["zk_p50_updatelatency"]) <= float(after["zk_p999_updatelatency"]) <= float(after["zk_max_updatelatency"])
    assert int(after["zk_max_client_response_size"]) >= 16 + 68


@test(own=True)
def nodes_and_their_size_are_counted_as_there(e):
    """The root twice; the size is that of all paths and data."""
    c = e.connect(e.leader())

    def counts():
        c.call(r.sync("/"))
        monitor = e.leader().monitor()
        return int(monitor["zk_znode_count"]), int(monitor["zk_approximate_data_size"])
    nodes, size = counts()
    assert nodes == c.call(r.all_children_number("/")) + 2, nodes
    c.call(r.create("/sized", b"x" * 10))
    c.call(r.create("/sized/below", b""))
    c.call(r.set("/sized", b"y" * 4))
    assert counts() == (nodes + 2, size + len("/sized") + len("/sized/below") + 4)
    c.call(r.delete("/sized/below"))
    c.call(r.delete("/sized"))
    assert counts() == (nodes, size)


VERSION = r"Zookeeper version: 3\.8\.0-\S+, built on \d{4}-\d\d-\d\d \d\d:\d\d UTC\n"
SUMMARY = (r"Latency min/avg/max: \d+/\d+\.\d{1,4}/\d+\nReceived: \d+\nSent: \d+\nConnections: (\d+)\nOutstanding: \d+\n"
           r"Zxid: 0x[0-9a-f]+\nMode: (\w+)\nNode count: \d+\n(?:Proposal sizes last/min/max: (-?\d+)/(-?\d+)/(-?\d+)\n)?")
CLIENT = r" /127\.0\.0\.1:\d+\[1\]\(queued=0,recved=\d+,sent=\d+%s\)\n"
ASKER = r" /127\.0\.0\.1:\d+\[0\]\(queued=0,recved=1,sent=0\)\n"
CONF = """clientPort=(\\d+) secureClientPort=-1 dataDir=\\S+ dataDirSize=\\d+ dataLogDir=\\S+ dataLogSize=\\d+ tickTime=\\d+
maxClientCnxns=\\d+ minSessionTimeout=\\d+ maxSessionTimeout=\\d+ clientPortListenBacklog=-?\\d+ serverId=(\\d+)""".split()
CONF_OF_A_MEMBER = "initLimit=100 syncLimit=50 electionAlg=3 electionPort=(\\d+) quorumPort=(\\d+) peerType=0".split()


def matched(pattern, text):
    match = re.fullmatch(pattern, text)
    assert match, "%s\nis not\n%s" % (text, pattern)
    return match


def words_have_zookeepers_lines(e):
    clients = {server: e.connect(server) for server in e.servers}
    for server, c in clients.items():
        c.call(r.create("/lines-%d" % server.number, b"", r.EPHEMERAL))
    for server in e.servers:
        mode = server.mode()
        srvr = matched(VERSION + SUMMARY, server.word("srvr"))
        assert srvr[2] == mode and (srvr[3] is not None) == (mode == "leader"), srvr[0]
        assert mode != "leader" or 0 < int(srvr[4]) <= int(srvr[3]) <= int(srvr[5]), srvr[0]
        matched("%sClients:\n(?:%s)*%s(?:%s)*\n%s" % (VERSION, CLIENT % "", ASKER, CLIENT % "", SUMMARY), server.word("stat"))
        rest = "(?:,sid=[^)]*)?"
        matched("(?:%s)*%s(?:%s)*\n" % (CLIENT % rest, ASKER, CLIENT % rest), server.word("cons"))
        dump = server.word("dump")
        assert int(re.search(r"^Sessions with Ephemerals \((\d+)\):$", dump, re.M)[1]) == \
            len(re.findall(r"^0x[0-9a-f]+:$", dump, re.M)) >= len(e.servers), dump
        assert int(re.search(r"^Connections(?: Sets \(\d+\)/)?\((\d+)\):$", dump, re.M)[1]) == \
            len(re.findall(r"^\tip: /127\.0\.0\.1:\d+ sessionId: 0x[0-9a-f]+$", dump, re.M)) >= 2, dump
        assert len(re.findall(r" sessionId: 0x0$", dump, re.M)) >= 1, dump


@test(asan=True)
def words_of_an_ensemble_have_zookeepers_lines(e):
    words_have_zookeepers_lines(e)
    with open("%s/zoo.cfg" % e.servers[0].root, encoding="ascii") as f:
        lines = [line for line in f.read().splitlines() if line.startswith("server.")]
    for server, line in zip(e.servers, lines):
        conf = matched("\n".join(CONF + CONF_OF_A_MEMBER) + "\nmembership: \n((?:.*\n)*)version=0", server.word("conf"))
        assert (int(conf[1]), int(conf[2])) == (server.client_port, server.number), conf[0]
        assert line.endswith(":%s:%s" % (conf[4], conf[3])), (line, conf[0])
        assert conf[5] == "".join("%s:participant\n" % each for each in lines), conf[0]


@test(own=True)
def sizes_of_proposals_are_told_until_srst(e):
    leader = e.leader()
    c = e.connect(e.followers()[0])

    def sizes():
        return [int(n) for n in re.search(r"^Proposal sizes last/min/max: (.*)$", leader.word("srvr"), re.M)[1].split("/")]
    c.call(r.create("/sizes", b"x" * 5000))
    c.call(r.set("/sizes", b""))
    last, least, most = sizes()
    assert 0 < least <= last < 5000 < most, (last, least, most)
    leader.word("srst")
    assert sizes() == [-1, -1, -1], sizes()
    c.call(r.set("/sizes", b"y" * 300))
    assert len(set(sizes())) == 1 and 300 < sizes()[0] < 5000, sizes()


@test(servers=1, asan=True)
def words_of_a_lone_server_have_zookeepers_lines(e):
    words_have_zookeepers_lines(e)
    conf = matched("\n".join(CONF) + "\n", e.servers[0].word("conf"))
    assert int(conf[1]) == e.servers[0].client_port


@test(asan=True)
def connections_sessions_and_watches_are_listed(e):
    server = e.servers[0]
    c = e.connect(server)
    c.call(r.create("/listed", b"x"))
    c.call(r.create("/listed/e", b"", r.EPHEMERAL))
    c.call(r.get("/listed", True))
    session = "0x%x" % c.session
    cons = server.word("cons")
    line = [x for x in cons.splitlines() if "sid=%s," % session in x]
    assert len(line) == 1, cons
    assert re.fullmatch(r" /127\.0\.0\.1:\d+\[1\]\(queued=0,recved=\d+,sent=\d+,sid=0x[0-9a-f]+,lop=[A-Z]+,est=\d+,to=\d+,"
                        r"lcxid=0x[0-9a-f]+,lzxid=0x[0-9a-f]+,lresp=\d+,llat=\d+,minlat=\d+,avglat=\d+,maxlat=\d+\)", line[0]), line
    dump = server.word("dump")
    assert "SessionTracker dump:\n" in dump and "ephemeral nodes dump:\n" in dump and "Connections dump:\n" in dump, dump
    assert "%s:\n\t/listed/e\n" % session in dump, dump
    assert "sessionId: " + session in dump, dump
    assert re.match(r"\d+ connections watching \d+ paths\nTotal watches:\d+\n", server.word("wchs")), server.word("wchs")
    assert "%s\n\t/listed\n" % session in server.word("wchc"), server.word("wchc")
    assert "/listed\n\t%s\n" % session in server.word("wchp"), server.word("wchp")


@test(asan=True)
def connections_show_what_their_clients_did_last(e):
    """Pings are told, but have no number of the client's; proofs are no requests."""
    server = e.servers[0]
    c = e.connect(server)

    def last():
        return re.search(r",sid=0x%x,lop=(\w+),.*,lcxid=0x([0-9a-f]+)," % c.session, server.word("cons")).groups()
    assert last() == ("SESS", "0"), last()
    c.call(r.exists("/"))
    assert last() == ("EXIS", "%x" % c.xid), last()
    c.send_frame(struct.pack(">ii", -2, 11))
    c.call(r.exists("/"))
    c.send_frame(struct.pack(">ii", -2, 11))
    wait_until(lambda: last()[0] == "PING", "the ping is told")
    c.result(c.send((100, struct.pack(">i", 0) + r.pack_string("digest") + r.pack_buffer(b"a:b"), r.nothing), xid=-4))
    assert last() == ("PING", "%x" % c.xid), last()


@test(asan=True)
def figures_are_reset_by_words(e):
    server = e.servers[1]
    c = e.connect(server)
    for _ in range(50):
        c.call(r.exists("/"))
    assert int(re.search(r"Received: (\d+)", server.word("srvr"))[1]) >= 50
    assert server.word("srst") == "Server stats reset.\n"
    assert server.word("crst") == "Connection stats reset.\n"
    assert int(re.search(r"Received: (\d+)", server.word("srvr"))[1]) < 50
    line = [x for x in server.word("cons").splitlines() if "sid=0x%x," % c.session in x]
    assert int(re.search(r"recved=(\d+)", line[0])[1]) < 50, line


@test(asan=True)
def the_machine_and_the_directories_are_told(e):
    for server in e.servers:
        text = server.word("envi")
        for key in ("zookeeper.version", "host.name", "os.name", "os.arch", "os.version", "user.name", "user.home", "user.dir",
                    "os.memory.free", "os.memory.max", "os.memory.total"):
            assert re.search("^%s=.+" % re.escape(key), text, re.M), (key, text)
        assert re.fullmatch(r"datadir_size: \d+\nlogdir_size: \d+\n", server.word("dirs")), server.word("dirs")
        assert re.fullmatch(r"\d+\n?", server.word("gtmk")), server.word("gtmk")
        assert re.fullmatch(r"\d+\n?", server.word("stmk\0\0\0\0\0\0\0\x01")), server.word("gtmk")


@test(zookeeper=False)
def the_digest_is_that_of_all_servers(e):
    c = e.connect(e.servers[0])
    c.call(r.create("/digest", b"x"))
    for server in e.servers:
        e.connect(server).call(r.sync("/"))
    wait_until(lambda: len({s.word("hash") for s in e.servers}) == 1, "all digests are equal")
    assert re.fullmatch(r"[0-9a-f]+: \d+\n", e.servers[0].word("hash"))


@test(servers=1, own=True, zookeeper=False)
def hundreds_of_connections_are_all_listed(e):
    server = e.servers[0]
    clients = [e.connect(server, 30000) for _ in range(800)]
    for i, c in enumerate(clients):
        c.send(r.create("/n%d" % i, b"", r.EPHEMERAL))
    for c in clients:
        c.call(r.sync("/"))
    sessions = {"0x%x" % c.session for c in clients}
    assert sessions <= set(re.findall(r"sid=(0x[0-9a-f]+),", server.word("cons", 20.0)))
    dump = server.word("dump", 20.0)
    assert sessions <= set(re.findall(r"sessionId: (0x[0-9a-f]+)", dump))
    assert {"/n%d" % i for i in range(800)} <= set(re.findall(r"^\t(/n\d+)$", dump, re.M))
    assert server.word("stat", 20.0).count("[1](queued=") >= 800
