/* calls.js - every call of node-zookeeper-client, before, during and after a change of leader.
 *
 *     NODE_PATH=DIRECTORY/node_modules node calls.js HOST:PORT HOST:PORT HOST:PORT      the leader first
 *     NODE_PATH=DIRECTORY/node_modules node calls.js --once HOST:PORT                   each operation once, for a trace
 *
 * Exit code 0 when all held. Where a server is to be killed or started, it prints `kill` or `start`, a space and the address, and goes on
 * when it reads a line. At the end each function that Client and Transaction have must have been called.
 */
'use strict';

const assert = require('assert');
const readline = require('readline');
const zookeeper = require('node-zookeeper-client');

const { ACL, CreateMode, Event, Exception, Id, Permission, State } = zookeeper;
const SCALE = Number(process.env.COORD_TIME_SCALE || 1);
const SESSION_MS = 10000 * SCALE;
const PATIENCE_MS = 30000 * SCALE;
const once = process.argv[2] === '--once';
const hosts = process.argv.slice(once ? 3 : 2);
const answers = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const called = new Set();

let depth = 0; /* of calls within calls */

/* Notes every call of the functions of a prototype, but those that they make of each other. */
function note(prototype, name) {
    for (const key of Object.keys(prototype).filter((k) => typeof prototype[k] === 'function')) {
        const inner = prototype[key];
        prototype[key] = function (...values) {
            if (depth === 0)
                called.add(name + '.' + key);
            depth += 1;
            try {
                return inner.apply(this, values);
            } finally {
                depth -= 1;
            }
        };
    }
    return Object.keys(prototype).map((key) => name + '.' + key);
}

/* A call with a callback as a promise: of the one result, or of all. */
function ask(object, name, ...values) {
    return new Promise((resolve, reject) => {
        object[name](...values, (error, ...results) => (error ? reject(error) : resolve(results.length > 1 ? results : results[0])));
    });
}

async function fails(code, promise) {
    await assert.rejects(promise, (error) => error.getCode() === code);
}

function within(promise, what) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(what + ' does not come')), PATIENCE_MS);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/* Events of watches in order. */
class Events {
    constructor() {
        this.came = [];
        this.wake = () => {};
        this.watcher = (event) => {
            this.came.push(event);
            this.wake();
        };
    }

    async expect(type, path) {
        if (this.came.length === 0)
            await within(new Promise((resolve) => { this.wake = resolve; }), type + ' of ' + path);
        const event = this.came.shift();
        assert.deepStrictEqual([event.getType(), event.getPath()], [type, path]);
        assert.ok(event.getName() && event.toString());
    }
}

/* A client that is connected; it tries the servers in order from `first` on. */
async function connected(first, options = {}) {
    const order = hosts.map((_, i) => hosts[(first + i) % hosts.length]);
    const client = zookeeper.createClient(options.only || order.join(','), { sessionTimeout: SESSION_MS, spinDelay: 50, retries: 10, ...options });
    if (!options.only) /* it shuffles them */
        client.connectionManager.servers = order.map((host) => ({ host: host.split(':')[0], port: Number(host.split(':')[1]) }));
    client.connections = 0;
    client.on('connected', () => { client.connections += 1; });
    const there = new Promise((resolve) => client.once('connected', resolve));
    client.connect();
    await within(there, 'a connection');
    return client;
}

async function server(what, host) {
    console.log(what + ' ' + host);
    assert.ok(!(await answers.next()).done, 'nobody answers');
}

/* This client has no sync: a write that the server has applied orders what follows. */
async function caughtUp(client, mark) {
    await ask(client, 'create', mark);
}

async function creates(client, root) {
    assert.strictEqual(await ask(client, 'create', root, Buffer.from('r')), root);
    await fails(Exception.NODE_EXISTS, ask(client, 'create', root));
    await fails(Exception.NO_NODE, ask(client, 'create', root + '/x/y'));
    assert.strictEqual(await ask(client, 'create', root + '/p', CreateMode.PERSISTENT), root + '/p');
    assert.strictEqual(await ask(client, 'create', root + '/e', Buffer.from('e'), CreateMode.EPHEMERAL), root + '/e');
    await fails(Exception.NO_CHILDREN_FOR_EPHEMERALS, ask(client, 'create', root + '/e/x'));
    assert.strictEqual(await ask(client, 'create', root + '/s-', CreateMode.PERSISTENT_SEQUENTIAL), root + '/s-0000000002');
    assert.strictEqual(await ask(client, 'create', root + '/s-', null, ACL.OPEN_ACL_UNSAFE, CreateMode.EPHEMERAL_SEQUENTIAL), root + '/s-0000000003');
    assert.strictEqual(await ask(client, 'mkdirp', root + '/deep/down/here', Buffer.from('d'), CreateMode.PERSISTENT), root + '/deep/down/here');
}

async function reads(client, root) {
    const stat = await ask(client, 'exists', root);
    assert.strictEqual(stat.numChildren, 5);
    assert.strictEqual(await ask(client, 'exists', root + '/none'), null);
    const [data, of] = await ask(client, 'getData', root);
    assert.deepStrictEqual([data.toString(), of.version, of.dataLength], ['r', 0, 1]);
    await fails(Exception.NO_NODE, ask(client, 'getData', root + '/none'));
    assert.strictEqual((await ask(client, 'setData', root, Buffer.from('ss'), 0)).version, 1);
    await fails(Exception.BAD_VERSION, ask(client, 'setData', root, Buffer.from('ss'), 0));
    assert.strictEqual((await ask(client, 'setData', root, Buffer.alloc(0))).dataLength, 0);
    const [names, counted] = await ask(client, 'getChildren', root);
    assert.deepStrictEqual([names.sort(), counted.cversion], [['deep', 'e', 'p', 's-0000000002', 's-0000000003'], 5]);
    /* In this version it lists one level only. */
    assert.deepStrictEqual(await ask(client, 'listSubTreeBFS', root + '/deep/down'), [root + '/deep/down', root + '/deep/down/here']);
    const owner = (await ask(client, 'exists', root + '/e')).ephemeralOwner;
    assert.deepStrictEqual(owner, client.getSessionId());
    await fails(Exception.NOT_EMPTY, ask(client, 'remove', root));
    await fails(Exception.BAD_VERSION, ask(client, 'remove', root + '/p', 3));
    await ask(client, 'remove', root + '/p', 0);
    await fails(Exception.NO_NODE, ask(client, 'remove', root + '/p'));
    await ask(client, 'removeRecursive', root + '/deep/down');
    assert.strictEqual(await ask(client, 'exists', root + '/deep/down'), null);
}

async function acls(client, root) {
    const node = root + '/acl';
    client.addAuthInfo('digest', Buffer.from('node:x'));
    await ask(client, 'create', node, null, ACL.CREATOR_ALL_ACL);
    const [list, stat] = await ask(client, 'getACL', node);
    assert.deepStrictEqual([list.length, list[0].id.scheme, list[0].permission, stat.aversion], [1, 'digest', Permission.ALL, 0]);
    assert.strictEqual((await ask(client, 'setACL', node, [new ACL(Permission.READ | Permission.ADMIN, Id.ANYONE_ID_UNSAFE)], 0)).aversion, 1);
    await fails(Exception.BAD_VERSION, ask(client, 'setACL', node, ACL.OPEN_ACL_UNSAFE, 0));
    await fails(Exception.NO_AUTH, ask(client, 'setData', node, Buffer.from('x')));
    await fails(Exception.INVALID_ACL, ask(client, 'setACL', node, [new ACL(Permission.ALL, new Id('none', 'x'))]));
}

async function transactions(client, root) {
    const m = root + '/m';
    const results = await ask(client.transaction().create(m, Buffer.from('m')).check(m, 0).setData(m, Buffer.from('mm'), 0)
        .create(m + '/s-', null, CreateMode.EPHEMERAL_SEQUENTIAL).remove(m + '/s-0000000000'), 'commit');
    assert.strictEqual(results.length, 5);
    assert.deepStrictEqual([results[0].path, results[2].stat.version, results[3].path], [m, 1, m + '/s-0000000000']);
    await new Promise((resolve) => {
        client.transaction().remove(m).check(m + '/none').create(m + '/x').commit((error, all) => {
            assert.strictEqual(error.getCode(), Exception.NO_NODE);
            assert.deepStrictEqual(all.map((result) => result.err), [Exception.OK, Exception.NO_NODE, Exception.RUNTIME_INCONSISTENCY]);
            resolve();
        });
    });
    assert.strictEqual((await ask(client, 'exists', m)).version, 1);
}

async function watches(client, writer, root, mark) {
    const node = root + '/w';
    const events = new Events();
    assert.strictEqual(await ask(client, 'exists', node, events.watcher), null);
    await caughtUp(writer, mark);
    await ask(writer, 'create', node);
    await events.expect(Event.NODE_CREATED, node);
    for (const value of ['1', '2']) {
        await ask(client, 'getData', node, events.watcher);
        await ask(writer, 'setData', node, Buffer.from(value));
        await events.expect(Event.NODE_DATA_CHANGED, node);
    }
    await ask(client, 'getChildren', node, events.watcher);
    await ask(writer, 'create', node + '/c');
    await events.expect(Event.NODE_CHILDREN_CHANGED, node);
    await ask(client, 'exists', node + '/c', events.watcher);
    await ask(writer, 'remove', node + '/c');
    await events.expect(Event.NODE_DELETED, node + '/c');
    await ask(client, 'getData', node, events.watcher);
    await ask(writer, 'remove', node);
    await events.expect(Event.NODE_DELETED, node);
    await ask(client, 'exists', '/');
    assert.deepStrictEqual(events.came, []);
}

async function everything(client, writer, root) {
    await caughtUp(client, root + '-seen');
    await creates(client, root);
    await reads(client, root);
    await acls(client, root);
    await transactions(client, root);
    await watches(client, writer, root, root + '-seen-by-the-writer');
}

/* What clients are told of their sessions; the server of `host` is down for a while. */
async function sessions(host, watcher) {
    const gone = new Events();
    const lost = await connected(0, { only: host, sessionTimeout: 1000 * SCALE });
    const states = [];
    for (const state of ['disconnected', 'connected', 'expired'])
        lost.on(state, () => states.push(state));
    const expired = new Promise((resolve) => {
        lost.once('expired', () => {
            assert.strictEqual(lost.getState(), State.EXPIRED);
            fails(Exception.SESSION_EXPIRED, ask(lost, 'exists', '/')).then(resolve);
        });
    });
    await ask(lost, 'create', '/node-session', CreateMode.EPHEMERAL);
    await caughtUp(watcher, '/node-session-seen');
    assert.notStrictEqual(await ask(watcher, 'exists', '/node-session', gone.watcher), null);
    await server('kill', host);
    await gone.expect(Event.NODE_DELETED, '/node-session');
    await server('start', host);
    await within(expired, 'the expiry');
    assert.deepStrictEqual([states[0], states.includes('connected'), states.includes('expired')], ['disconnected', false, true]);
    const first = await connected(1);
    const second = await connected(2, { sessionId: first.getSessionId(), sessionPassword: first.getSessionPassword() });
    assert.deepStrictEqual([second.getSessionId(), second.getSessionTimeout()], [first.getSessionId(), SESSION_MS]);
    first.connectionManager.setState = () => {}; /* it would take the session back */
    first.connectionManager.connect = () => {};
    const over = new Promise((resolve) => second.once('disconnected', resolve));
    second.close();
    await within(over, 'the end');
    const refused = await connected(1);
    const failed = new Promise((resolve) => refused.once('authenticationFailed', () => resolve(refused.getState())));
    refused.addAuthInfo('unknown', Buffer.from('x'));
    assert.strictEqual(await within(failed, 'the refusal'), State.AUTH_FAILED);
}

async function calls() {
    const a = await connected(0); /* of the leader */
    const b = await connected(1);
    assert.strictEqual(a.getState(), State.SYNC_CONNECTED);
    await everything(a, b, '/node-a1');
    await everything(b, a, '/node-b1');
    const stays = new Events();
    const disconnected = new Promise((resolve) => a.once('disconnected', resolve));
    await ask(a, 'create', '/node-stays', CreateMode.EPHEMERAL);
    await ask(a, 'getData', '/node-stays', stays.watcher);
    await caughtUp(b, '/node-stays-seen');
    const session = a.getSessionId();
    const kept = new Events(); /* by the follower: its client has no reason to set it again */
    assert.strictEqual(await ask(b, 'exists', '/node-kept', kept.watcher), null);
    const before = [...Array(100)].map((_, i) => ask(b, 'setData', '/node-stays-seen', Buffer.from('' + i)));
    await server('kill', hosts[0]);
    await within(disconnected, 'the loss');
    const during = [...Array(100)].map((_, i) => ask(b, 'setData', '/node-stays-seen', Buffer.from('' + i)));
    const versions = (await Promise.all([...before, ...during])).map((stat) => stat.version);
    assert.deepStrictEqual(versions, versions.map((_, i) => i + 1));
    assert.deepStrictEqual((await ask(a, 'exists', '/node-stays')).ephemeralOwner, session);
    await ask(b, 'setData', '/node-stays', Buffer.from('x'));
    await stays.expect(Event.NODE_DATA_CHANGED, '/node-stays'); /* the client set its watch again */
    await ask(a, 'create', '/node-kept');
    await kept.expect(Event.NODE_CREATED, '/node-kept');
    await everything(b, a, '/node-b2');
    await everything(a, b, '/node-a2');
    await server('start', hosts[0]);
    await everything(a, b, '/node-a3');
    assert.deepStrictEqual([a.connections, b.connections, a.getSessionId()], [2, 1, session]);
    await sessions(hosts[1], await connected(2));
}

async function trace() {
    const a = await connected(0);
    const b = await connected(0);
    await everything(a, b, '/node');
    for (const client of [a, b]) {
        const over = new Promise((resolve) => client.once('disconnected', resolve));
        client.close();
        await within(over, 'the end');
    }
}

async function main() {
    if (once)
        return trace();
    const client = zookeeper.createClient(hosts[0]);
    const all = [...note(Object.getPrototypeOf(client), 'Client'), ...note(Object.getPrototypeOf(client.transaction()), 'Transaction')];
    await calls();
    const forgotten = all.filter((name) => !called.has(name));
    assert.ok(all.length > 20, 'few functions: ' + all);
    assert.deepStrictEqual(forgotten, []);
}

main().then(() => process.exit(0), (error) => {
    console.error(error);
    process.exit(1);
});
