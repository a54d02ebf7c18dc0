/* ZkCalls.java - every public call of ZooKeeper's client for Java, before, during and after a change of leader.
 *
 *     java -cp DIRECTORY:JARS ZkCalls HOST:PORT HOST:PORT HOST:PORT      the leader first
 *     java -cp DIRECTORY:JARS ZkCalls --once HOST:PORT                   each operation once, for a trace
 *     java -cp DIRECTORY:JARS ZkCalls --members HOST:PORT ...            what the servers say of themselves, parsed
 *     java -cp DIRECTORY:JARS ZkCalls --list                             the public calls there are, as in class files
 *
 * Exit code 0 when all held. Where a server is to be killed or started, it prints `kill` or `start`, a space and the address, and goes on
 * when it reads a line. run-java-calls compiles it, and compares what it calls with --list.
 */
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.StringReader;
import java.lang.invoke.MethodType;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.Transaction;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.Watcher.Event.EventType;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.Watcher.WatcherType;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooDefs.Perms;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.admin.ZooKeeperAdmin;
import org.apache.zookeeper.client.HostProvider;
import org.apache.zookeeper.client.ZKClientConfig;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.apache.zookeeper.data.Stat;
import org.apache.zookeeper.server.quorum.flexible.QuorumMaj;
import org.apache.zookeeper.server.util.ConfigUtils;

public class ZkCalls {
    static final int SESSION_MS = 20000;
    static final int PATIENCE_S = 30;
    static final BufferedReader ANSWERS = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    static String[] hosts;

    static void check(boolean held, String format, Object... values) {
        if (!held)
            throw new AssertionError(String.format(format, values));
    }

    static void same(Object actual, Object expected) {
        check(actual == null ? expected == null : actual.equals(expected), "%s instead of %s", actual, expected);
    }

    interface Call {
        void run() throws Exception;
    }

    static void fails(Code code, Call call) throws Exception {
        try {
            call.run();
        } catch (KeeperException e) {
            same(e.code(), code);
            return;
        }
        throw new AssertionError("no " + code);
    }

    static byte[] bytes(String s) {
        return s.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] b) {
        return b == null ? null : new String(b, StandardCharsets.UTF_8);
    }

    /* What a callback is told. */
    static class Answer {
        final CompletableFuture<Object[]> told = new CompletableFuture<>();

        void put(int rc, Object... values) {
            check(told.complete(new Object[] {Code.get(rc), values}), "a second answer");
        }

        Object[] get(Code code) throws Exception {
            Object[] both = told.get(PATIENCE_S, TimeUnit.SECONDS);
            same(both[0], code);
            return (Object[]) both[1];
        }
    }

    /* Events in order; those of the session are counted apart. */
    static class Events implements Watcher {
        final LinkedBlockingQueue<WatchedEvent> queue = new LinkedBlockingQueue<>();
        final AtomicInteger connections = new AtomicInteger();
        final CompletableFuture<KeeperState> end = new CompletableFuture<>();

        @Override
        public void process(WatchedEvent e) {
            if (e.getType() != EventType.None)
                queue.add(e);
            else if (e.getState() == KeeperState.SyncConnected)
                synchronized (this) {
                    connections.incrementAndGet();
                    notifyAll();
                }
            else if (e.getState() == KeeperState.Expired || e.getState() == KeeperState.AuthFailed || e.getState() == KeeperState.Closed)
                end.complete(e.getState());
        }

        synchronized void connected(int count) throws InterruptedException {
            long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_S);
            while (connections.get() < count) {
                long left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
                check(left > 0, "connected %d times, not %d", connections.get(), count);
                wait(left);
            }
        }

        void expect(EventType type, String path) throws InterruptedException {
            WatchedEvent e = queue.poll(PATIENCE_S, TimeUnit.SECONDS);
            check(e != null, "no %s of %s", type, path);
            check(e.getType() == type && e.getPath().equals(path), "%s instead of %s of %s", e, type, path);
        }

        void none() {
            check(queue.isEmpty(), "%s is one too many", queue.peek());
        }
    }

    /* The servers in their order, again and again; ZooKeeper's own providers shuffle. */
    static class InOrder implements HostProvider {
        private List<InetSocketAddress> list;
        private int at = -1;

        InOrder(int first) {
            List<InetSocketAddress> all = new ArrayList<>();
            for (int i = 0; i < hosts.length; i++)
                all.add(address(hosts[(first + i) % hosts.length]));
            list = all;
        }

        @Override
        public synchronized int size() {
            return list.size();
        }

        @Override
        public synchronized InetSocketAddress next(long spinDelay) {
            try {
                if (at >= 0)
                    Thread.sleep(Math.min(spinDelay, 50));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            at = (at + 1) % list.size();
            return list.get(at);
        }

        @Override
        public void onConnected() {
        }

        @Override
        public synchronized boolean updateServerList(Collection<InetSocketAddress> servers, InetSocketAddress current) {
            list = new ArrayList<>();
            for (InetSocketAddress server : servers) /* they come without the numbers of their hosts */
                list.add(address(":" + server.getPort()));
            at = -1;
            return !list.contains(current);
        }
    }

    static InetSocketAddress address(String host) {
        return new InetSocketAddress("127.0.0.1", Integer.parseInt(host.substring(host.indexOf(':') + 1)));
    }

    static void ask(String what, String host) throws Exception {
        System.out.println(what + " " + host);
        System.out.flush();
        check(ANSWERS.readLine() != null, "nobody answers");
    }

    static void sync(ZooKeeper zk) throws Exception {
        Answer a = new Answer();
        zk.sync("/", (rc, p, c) -> a.put(rc), null);
        a.get(Code.OK);
    }

    static void creates(ZooKeeper zk, String root) throws Exception {
        List<ACL> open = Ids.OPEN_ACL_UNSAFE;
        Stat stat = new Stat();
        same(zk.create(root, bytes("r"), open, CreateMode.PERSISTENT), root);
        fails(Code.NODEEXISTS, () -> zk.create(root, null, open, CreateMode.PERSISTENT));
        fails(Code.NONODE, () -> zk.create(root + "/x/y", null, open, CreateMode.PERSISTENT));
        same(zk.create(root + "/e", bytes("ee"), open, CreateMode.EPHEMERAL, stat), root + "/e");
        check(stat.getEphemeralOwner() == zk.getSessionId() && stat.getDataLength() == 2, "%s", stat);
        fails(Code.NOCHILDRENFOREPHEMERALS, () -> zk.create(root + "/e/x", null, open, CreateMode.PERSISTENT));
        same(zk.create(root + "/t", null, open, CreateMode.PERSISTENT_WITH_TTL, stat, 600000), root + "/t");
        same(zk.create(root + "/c", null, open, CreateMode.CONTAINER), root + "/c");
        same(zk.create(root + "/s-", null, open, CreateMode.PERSISTENT_SEQUENTIAL), root + "/s-0000000003");
        Answer a = new Answer(), b = new Answer(), c = new Answer(), d = new Answer();
        zk.create(root + "/s-", null, open, CreateMode.EPHEMERAL_SEQUENTIAL, (rc, p, x, name) -> a.put(rc, name), null);
        zk.create(root + "/s-", bytes("2"), open, CreateMode.PERSISTENT_SEQUENTIAL, (rc, p, x, name, s) -> b.put(rc, name, s), null);
        zk.create(root + "/s-", null, open, CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL, (rc, p, x, name, s) -> c.put(rc, name, s), null,
                  600000);
        zk.create(root + "/e", null, open, CreateMode.PERSISTENT, (rc, p, x, name) -> d.put(rc, name), null);
        same(a.get(Code.OK)[0], root + "/s-0000000004");
        same(b.get(Code.OK)[0], root + "/s-0000000005");
        same(((Stat) b.get(Code.OK)[1]).getDataLength(), 1);
        same(c.get(Code.OK)[0], root + "/s-0000000006");
        d.get(Code.NODEEXISTS);
    }

    static void reads(ZooKeeper zk, String root) throws Exception {
        Stat stat = new Stat();
        same(zk.exists(root, false).getNumChildren(), 7);
        same(zk.exists(root + "/none", false), null);
        same(text(zk.getData(root, false, stat)), "r");
        same(zk.getData(root + "/c", false, stat), null);
        fails(Code.NONODE, () -> zk.getData(root + "/none", false, null));
        same(zk.setData(root, bytes("s"), 0).getVersion(), 1);
        fails(Code.BADVERSION, () -> zk.setData(root, bytes("s"), 0));
        same(zk.getChildren(root, false).size(), 7);
        same(zk.getChildren(root, false, stat).size(), 7);
        same(stat.getCversion(), 7);
        same(zk.getAllChildrenNumber(root), 7);
        check(new TreeSet<>(zk.getEphemerals(root)).equals(Set.of(root + "/e", root + "/s-0000000004")), "%s", zk.getEphemerals(root));
        check(zk.getEphemerals().containsAll(zk.getEphemerals(root)), "%s", zk.getEphemerals());
        Answer a = new Answer(), b = new Answer(), c = new Answer(), d = new Answer(), e = new Answer(), f = new Answer(), g = new Answer(),
               h = new Answer(), i = new Answer(), j = new Answer();
        zk.exists(root, false, (rc, p, x, s) -> a.put(rc, s), null);
        zk.getData(root, false, (rc, p, x, data, s) -> b.put(rc, text(data), s), null);
        zk.setData(root, bytes("t"), 1, (rc, p, x, s) -> c.put(rc, s), null);
        zk.getChildren(root, false, (rc, p, x, names) -> d.put(rc, names), null);
        zk.getChildren(root, false, (rc, p, x, names, s) -> e.put(rc, names, s), null);
        zk.getAllChildrenNumber(root, (rc, p, x, number) -> f.put(rc, number), null);
        zk.getEphemerals(root, (rc, x, paths) -> g.put(rc, paths), null);
        zk.getEphemerals((rc, x, paths) -> h.put(rc, paths), null);
        zk.delete(root, -1, (rc, p, x) -> i.put(rc), null);
        zk.delete(root + "/s-0000000003", 0, (rc, p, x) -> j.put(rc), null);
        same(((Stat) a.get(Code.OK)[0]).getVersion(), 1);
        same(b.get(Code.OK)[0], "s");
        same(((Stat) c.get(Code.OK)[0]).getVersion(), 2);
        same(((List<?>) d.get(Code.OK)[0]).size(), 7);
        same(((Stat) e.get(Code.OK)[1]).getVersion(), 2);
        same(f.get(Code.OK)[0], 7);
        same(((List<?>) g.get(Code.OK)[0]).size(), 2);
        check(((List<?>) h.get(Code.OK)[0]).size() >= 2, "%s", h);
        i.get(Code.NOTEMPTY);
        j.get(Code.OK);
        fails(Code.NONODE, () -> zk.delete(root + "/s-0000000003", -1));
        zk.delete(root + "/t", 0);
    }

    static void acls(ZooKeeper zk, String root) throws Exception {
        Stat stat = new Stat();
        String node = root + "/acl";
        zk.create(node, null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        same(zk.getACL(node, stat), Ids.OPEN_ACL_UNSAFE);
        same(stat.getAversion(), 0);
        zk.addAuthInfo("digest", bytes("java:x"));
        same(zk.setACL(node, Ids.CREATOR_ALL_ACL, 0).getAversion(), 1);
        same(zk.getACL(node, null).get(0).getId().getScheme(), "digest");
        check(zk.whoAmI().stream().anyMatch(i -> i.getAuthScheme().equals("digest") && i.getUser().equals("java")), "%s", zk.whoAmI());
        fails(Code.BADVERSION, () -> zk.setACL(node, Ids.OPEN_ACL_UNSAFE, 0));
        fails(Code.INVALIDACL, () -> zk.setACL(node, Arrays.asList(new ACL(Perms.ALL, new Id("none", "x"))), -1));
        Answer a = new Answer(), b = new Answer();
        zk.getACL(node, stat, (rc, p, x, list, s) -> a.put(rc, list, s), null);
        zk.setACL(node, Ids.READ_ACL_UNSAFE, -1, (rc, p, x, s) -> b.put(rc, s), null);
        same(((List<?>) a.get(Code.OK)[0]).size(), 1);
        same(((Stat) b.get(Code.OK)[0]).getAversion(), 2);
        fails(Code.NOAUTH, () -> zk.setData(node, null, -1));
    }

    static void multis(ZooKeeper zk, String root) throws Exception {
        List<ACL> open = Ids.OPEN_ACL_UNSAFE;
        String m = root + "/m";
        List<OpResult> results = zk.multi(Arrays.asList(
            Op.create(m, bytes("m"), open, CreateMode.PERSISTENT), Op.create(m + "/e", null, open, CreateMode.EPHEMERAL.toFlag()),
            Op.create(m + "/t", null, open, CreateMode.PERSISTENT_WITH_TTL, 600000),
            Op.create(m + "/f", null, open, CreateMode.PERSISTENT_WITH_TTL.toFlag(), 600000),
            Op.create(m + "/c", null, open, CreateMode.CONTAINER), Op.setData(m, bytes("mm"), 0), Op.check(m, 1), Op.delete(m + "/c", 0)));
        same(results.size(), 8);
        same(((OpResult.CreateResult) results.get(0)).getPath(), m);
        same(((OpResult.SetDataResult) results.get(5)).getStat().getVersion(), 1);
        results = zk.multi(Arrays.asList(Op.getData(m), Op.getChildren(m), Op.getData(m + "/none")));
        same(text(((OpResult.GetDataResult) results.get(0)).getData()), "mm");
        same(new TreeSet<>(((OpResult.GetChildrenResult) results.get(1)).getChildren()), new TreeSet<>(Set.of("e", "t", "f")));
        same(((OpResult.ErrorResult) results.get(2)).getErr(), Code.NONODE.intValue());
        Answer a = new Answer(), b = new Answer(), c = new Answer();
        zk.multi(Arrays.asList(Op.check(m, 1), Op.delete(m, -1)), (rc, p, x, list) -> a.put(rc, list), null);
        List<?> list = (List<?>) a.get(Code.NOTEMPTY)[0];
        same(((OpResult.ErrorResult) list.get(1)).getErr(), Code.NOTEMPTY.intValue());
        Transaction t = zk.transaction();
        t.create(m + "/x", null, open, CreateMode.PERSISTENT).check(m + "/x", 0).setData(m + "/x", bytes("x"), 0).delete(m + "/x", 1);
        same(t.commit().size(), 4);
        zk.transaction().delete(m + "/t", 0).commit((rc, p, x, l) -> b.put(rc, l), null);
        b.get(Code.OK);
        zk.transaction().check(m, 7).commit((rc, p, x, l) -> c.put(rc, l), null);
        c.get(Code.BADVERSION);
        fails(Code.BADVERSION, () -> zk.multi(Arrays.asList(Op.setData(m, null, 0), Op.check(m, 0))));
    }

    static void watches(ZooKeeper zk, Events own, ZooKeeper writer, String root) throws Exception {
        Events e = new Events();
        String w = root + "/w", child = w + "/c";
        List<ACL> open = Ids.OPEN_ACL_UNSAFE;
        same(zk.exists(w, e), null);
        same(zk.exists(w, true), null);
        sync(writer);
        writer.create(w, null, open, CreateMode.PERSISTENT);
        e.expect(EventType.NodeCreated, w);
        own.expect(EventType.NodeCreated, w);
        zk.getData(w, e, null);
        zk.getData(w, true, null);
        zk.getChildren(w, e);
        zk.getChildren(w, true);
        writer.setData(w, bytes("1"), -1);
        e.expect(EventType.NodeDataChanged, w);
        own.expect(EventType.NodeDataChanged, w);
        writer.create(child, null, open, CreateMode.PERSISTENT);
        e.expect(EventType.NodeChildrenChanged, w);
        own.expect(EventType.NodeChildrenChanged, w);
        zk.getChildren(w, e, new Stat());
        zk.getChildren(w, true, new Stat());
        writer.delete(child, -1);
        e.expect(EventType.NodeChildrenChanged, w);
        own.expect(EventType.NodeChildrenChanged, w);
        Answer a = new Answer(), b = new Answer(), c = new Answer(), d = new Answer();
        Events f = new Events();
        zk.exists(w, f, (rc, p, x, s) -> a.put(rc, s), null);
        zk.getData(w, f, (rc, p, x, data, s) -> b.put(rc, data, s), null);
        zk.getChildren(w, f, (rc, p, x, names) -> c.put(rc, names), null);
        zk.getChildren(w, f, (rc, p, x, names, s) -> d.put(rc, names, s), null);
        for (Answer each : List.of(a, b, c, d))
            each.get(Code.OK);
        writer.setData(w, bytes("2"), -1);
        f.expect(EventType.NodeDataChanged, w);
        writer.create(child, null, open, CreateMode.PERSISTENT);
        f.expect(EventType.NodeChildrenChanged, w);
        fails(Code.NOWATCHER, () -> zk.removeWatches(w, f, WatcherType.Any, false));
        zk.exists(w, f);
        zk.removeWatches(w, f, WatcherType.Data, false);
        f.expect(EventType.DataWatchRemoved, w);
        zk.getChildren(w, f);
        Answer g = new Answer();
        zk.removeWatches(w, f, WatcherType.Children, false, (rc, p, x) -> g.put(rc), null);
        g.get(Code.OK);
        f.expect(EventType.ChildWatchRemoved, w);
        persistent(zk, own, writer, w);
        writer.delete(child, -1);
        sync(zk);
        e.none();
        f.none();
        own.none();
    }

    static void persistent(ZooKeeper zk, Events own, ZooKeeper writer, String w) throws Exception {
        Events one = new Events(), two = new Events();
        Answer a = new Answer(), b = new Answer(), c = new Answer();
        String child = w + "/c";
        zk.addWatch(w, one, AddWatchMode.PERSISTENT);
        zk.addWatch(w, two, AddWatchMode.PERSISTENT_RECURSIVE, (rc, p, x) -> a.put(rc), null);
        a.get(Code.OK);
        for (int i = 0; i < 2; i++) {
            writer.setData(child, bytes("1"), -1);
            writer.setData(w, bytes("1"), -1);
            two.expect(EventType.NodeDataChanged, child);
            two.expect(EventType.NodeDataChanged, w);
            one.expect(EventType.NodeDataChanged, w);
        }
        zk.removeWatches(w, one, WatcherType.Any, false); /* in this client only: the server goes on telling */
        one.expect(EventType.PersistentWatchRemoved, w);
        zk.removeAllWatches(w, WatcherType.Any, false);
        two.expect(EventType.PersistentWatchRemoved, w);
        zk.addWatch(w, two, AddWatchMode.PERSISTENT_RECURSIVE);
        writer.delete(child, -1);
        two.expect(EventType.NodeDeleted, child);
        writer.create(child, null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        two.expect(EventType.NodeCreated, child);
        zk.removeAllWatches(w, WatcherType.Any, false);
        two.expect(EventType.PersistentWatchRemoved, w);
        zk.addWatch(w, AddWatchMode.PERSISTENT);
        zk.addWatch(child, AddWatchMode.PERSISTENT_RECURSIVE, (rc, p, x) -> b.put(rc), null);
        b.get(Code.OK);
        writer.setData(child, bytes("2"), -1);
        own.expect(EventType.NodeDataChanged, child);
        writer.setData(w, bytes("2"), -1);
        own.expect(EventType.NodeDataChanged, w);
        zk.removeAllWatches(w, WatcherType.Any, false);
        zk.removeAllWatches(child, WatcherType.Any, false, (rc, p, x) -> c.put(rc), null);
        c.get(Code.OK);
        own.expect(EventType.PersistentWatchRemoved, w);
        own.expect(EventType.PersistentWatchRemoved, child);
        one.none();
        two.none();
    }

    /* As ZooKeeper's own tools and Curator read it: their parser refuses the whole for one line. */
    static void members(String config) throws Exception {
        Properties lines = new Properties();
        lines.load(new StringReader(config));
        QuorumMaj parsed = new QuorumMaj(lines);
        same(parsed.toString(), config);
        same(parsed.getVotingMembers().size(), 3);
        check(ConfigUtils.getClientConfigStr(config).startsWith("0 "), "no clients' ports in %s", config);
    }

    static void configuration(ZooKeeperAdmin zk) throws Exception {
        Stat stat = new Stat();
        Events e = new Events();
        Answer a = new Answer(), b = new Answer(), c = new Answer(), d = new Answer();
        byte[] config = zk.getConfig(false, stat);
        same(config.length, stat.getDataLength());
        same(text(((OpResult.GetDataResult) zk.multi(Arrays.asList(Op.getData("/zookeeper/config"))).get(0)).getData()), text(config));
        same(text(zk.getConfig(e, stat)), text(config));
        members(text(config));
        zk.getConfig(false, (rc, p, x, data, s) -> a.put(rc, text(data)), null);
        zk.getConfig(e, (rc, p, x, data, s) -> b.put(rc, text(data)), null);
        same(a.get(Code.OK)[0], text(config));
        same(b.get(Code.OK)[0], text(config));
        fails(Code.RECONFIGDISABLED, () -> zk.reconfigure("server.4=127.0.0.1:1:2;3", null, null, -1, stat));
        fails(Code.RECONFIGDISABLED, () -> zk.reconfigure((List<String>) null, List.of("3"), null, -1, stat));
        zk.reconfigure(null, "3", null, -1, (rc, p, x, data, s) -> c.put(rc), null);
        zk.reconfigure((List<String>) null, List.of("3"), null, -1, (rc, p, x, data, s) -> d.put(rc), null);
        c.get(Code.RECONFIGDISABLED);
        d.get(Code.RECONFIGDISABLED);
    }

    /* Handles of all kinds; each has a session and ends it. */
    static void handles() throws Exception {
        Events e = new Events();
        ZKClientConfig config = new ZKClientConfig();
        List<ZooKeeper> all = new ArrayList<>(List.of(
            new ZooKeeper(hosts[0], SESSION_MS, e), new ZooKeeper(hosts[0], SESSION_MS, e, config), new ZooKeeper(hosts[1], SESSION_MS, e, false),
            new ZooKeeper(hosts[1], SESSION_MS, e, true, config), new ZooKeeper(hosts[2], SESSION_MS, e, false, new InOrder(2)),
            new ZooKeeperAdmin(hosts[0], SESSION_MS, e), new ZooKeeperAdmin(hosts[1], SESSION_MS, e, config),
            new ZooKeeperAdmin(hosts[2], SESSION_MS, e, false), new ZooKeeperAdmin(hosts[2], SESSION_MS, e, false, config)));
        e.connected(all.size());
        Set<Long> ids = new TreeSet<>();
        for (ZooKeeper zk : all) {
            ids.add(zk.getSessionId());
            same(zk.getSessionTimeout(), SESSION_MS);
            same(zk.getState().isAlive() && zk.getState().isConnected(), true);
            check(zk.toString().contains("State:CONNECTED"), "%s", zk);
        }
        same(ids.size(), all.size());
        same(all.get(1).getClientConfig() == config, true);
        same(all.get(0).getSaslClient().clientTunneledAuthenticationInProgress(), false);
        for (ZooKeeper zk : all)
            check(zk.close(PATIENCE_S * 1000), "it does not close");
        fails(Code.SESSIONEXPIRED, () -> all.get(0).exists("/", false));
    }

    /* A session that goes on with other handles, lists of servers that change, a session that expires, an identity that is none. */
    static void sessions() throws Exception {
        Events first = new Events(), second = new Events();
        ZooKeeper zk = new ZooKeeper(hosts[1], SESSION_MS, first, false, new InOrder(1), new ZKClientConfig());
        first.connected(1);
        zk.create("/session", null, Ids.OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL);
        zk.updateServerList(hosts[2]);
        first.connected(2);
        zk.register(second);
        zk.exists("/session", true);
        zk.setData("/session", null, -1);
        second.expect(EventType.NodeDataChanged, "/session");
        first.none();
        long id = zk.getSessionId();
        byte[] password = zk.getSessionPasswd();
        List<ZooKeeper> heirs = new ArrayList<>();
        for (int kind = 0; kind < 4; kind++) { /* each takes the session over from the one before, which then is refused for it and ends */
            Events heard = new Events();
            ZKClientConfig config = new ZKClientConfig();
            ZooKeeper heir = kind == 0 ? new ZooKeeper(hosts[0], SESSION_MS, heard, id, password)
                : kind == 1 ? new ZooKeeper(hosts[0], SESSION_MS, heard, id, password, false)
                : kind == 2 ? new ZooKeeper(hosts[0], SESSION_MS, heard, id, password, false, new InOrder(0))
                : new ZooKeeper(hosts[0], SESSION_MS, heard, id, password, false, new InOrder(0), config);
            heard.connected(1);
            same(heir.getSessionId(), id);
            heirs.add(heir);
        }
        /* They take it from each other until one ends it; then all the others are told. */
        for (boolean over = false; !over;) {
            try {
                heirs.get(3).close();
                over = true;
            } catch (IllegalStateException e) {
                over = false;
            }
        }
        same(second.end.get(PATIENCE_S, TimeUnit.SECONDS), KeeperState.Expired);
        zk.close();
        for (ZooKeeper heir : heirs)
            heir.close();
        Events third = new Events(), fourth = new Events();
        ZooKeeper injected = new ZooKeeper(hosts[0], SESSION_MS, third);
        third.connected(1);
        injected.getTestable().injectSessionExpiration();
        same(third.end.get(PATIENCE_S, TimeUnit.SECONDS), KeeperState.Expired);
        injected.close();
        ZooKeeper refused = new ZooKeeper(hosts[0], SESSION_MS, fourth);
        fourth.connected(1);
        refused.addAuthInfo("unknown", bytes("x"));
        same(fourth.end.get(PATIENCE_S, TimeUnit.SECONDS), KeeperState.AuthFailed);
        fails(Code.AUTHFAILED, () -> refused.exists("/", false));
        refused.close();
    }

    static void everything(ZooKeeper zk, Events own, ZooKeeper writer, ZooKeeperAdmin admin, String root) throws Exception {
        sync(zk);
        creates(zk, root);
        reads(zk, root);
        acls(zk, root);
        multis(zk, root);
        watches(zk, own, writer, root);
        configuration(admin);
    }

    static void calls() throws Exception {
        Events ofA = new Events(), ofB = new Events(), ofC = new Events();
        ZooKeeper a = new ZooKeeper(hosts[0], SESSION_MS, ofA, false, new InOrder(0)); /* of the leader */
        ZooKeeper b = new ZooKeeper(hosts[1], SESSION_MS, ofB, false, new InOrder(1));
        ZooKeeperAdmin admin = new ZooKeeperAdmin(hosts[2], SESSION_MS, ofC);
        for (Events e : List.of(ofA, ofB, ofC))
            e.connected(1);
        everything(a, ofA, b, admin, "/java-a1");
        Events stays = new Events();
        a.create("/java-stays", null, Ids.OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL);
        a.addWatch("/java-stays", stays, AddWatchMode.PERSISTENT_RECURSIVE);
        List<Answer> underWay = new ArrayList<>();
        sync(b);
        Events kept = new Events(); /* by the follower: its client has no reason to set these again */
        same(b.exists("/java-kept", kept), null);
        b.addWatch("/java-kept/below", kept, AddWatchMode.PERSISTENT);
        for (int i = 0; i < 200; i++) {
            if (i == 100)
                ask("kill", hosts[0]);
            Answer answer = new Answer();
            b.setData("/java-stays", null, -1, (rc, p, x, s) -> answer.put(rc, s), null);
            underWay.add(answer);
        }
        int version = 0;
        for (Answer answer : underWay)
            same(((Stat) answer.get(Code.OK)[0]).getVersion(), ++version);
        ofA.connected(2);
        same(a.exists("/java-stays", false).getEphemeralOwner(), a.getSessionId());
        stays.queue.clear();
        b.setData("/java-stays", null, -1);
        stays.expect(EventType.NodeDataChanged, "/java-stays");
        a.create("/java-kept", null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        a.create("/java-kept/below", null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
        kept.expect(EventType.NodeCreated, "/java-kept");
        kept.expect(EventType.NodeCreated, "/java-kept/below");
        everything(b, ofB, a, admin, "/java-b2");
        everything(a, ofA, b, admin, "/java-a2");
        ask("start", hosts[0]);
        everything(a, ofA, b, admin, "/java-a3");
        same(ofB.connections.get(), 1);
        for (ZooKeeper zk : List.of(a, b, admin))
            zk.close();
    }

    static void trace() throws Exception {
        Events ofA = new Events(), ofB = new Events();
        ZooKeeperAdmin a = new ZooKeeperAdmin(hosts[0], SESSION_MS, ofA);
        ofA.connected(1);
        ZooKeeper b = new ZooKeeper(hosts[0], SESSION_MS, ofB);
        ofB.connected(1);
        everything(a, ofA, b, a, "/java");
        b.close();
        a.close();
    }

    /* Public calls of these classes, as class files name them. */
    static void list() {
        for (Class<?> kind : List.of(ZooKeeper.class, ZooKeeperAdmin.class, Transaction.class, Op.class)) {
            String name = kind.getName().replace('.', '/');
            for (Method m : kind.getDeclaredMethods())
                if (Modifier.isPublic(m.getModifiers()) && !m.isSynthetic() && (kind != Op.class || Modifier.isStatic(m.getModifiers())))
                    System.out.println(name + "." + m.getName()
                                       + MethodType.methodType(m.getReturnType(), m.getParameterTypes()).toMethodDescriptorString());
            for (Constructor<?> c : kind.getDeclaredConstructors())
                if (Modifier.isPublic(c.getModifiers()))
                    System.out.println(name + ".<init>" + MethodType.methodType(void.class, c.getParameterTypes()).toMethodDescriptorString());
        }
    }

    public static void main(String[] arguments) {
        if (arguments.length == 1 && arguments[0].equals("--list")) {
            list();
            System.exit(0);
        }
        boolean once = arguments[0].equals("--once"), members = arguments[0].equals("--members");
        hosts = once || members ? Arrays.copyOfRange(arguments, 1, arguments.length) : arguments;
        try {
            if (once) {
                trace();
            } else if (members) {
                for (String host : hosts) {
                    ZooKeeperAdmin zk = new ZooKeeperAdmin(host, SESSION_MS, e -> { });
                    members(text(zk.getConfig(false, null)));
                    zk.close();
                }
            } else {
                handles();
                sessions();
                calls();
            }
        } catch (Throwable t) {
            t.printStackTrace();
            System.exit(1);
        }
        System.exit(0);
    }
}
