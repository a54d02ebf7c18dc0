/* config_keys.c - the table of keys: every key of the manuals of ZooKeeper 3.8 and 3.9, and our own. Pure, constant.
 *
 * What is honoured comes first, with its range and default. Then what is accepted, so that a ZooKeeper ensemble's files start
 * coord unchanged: each says why it has no meaning here, and that is the notice which the user reads. Some of these demand
 * protection that does not exist here: to go on without would leave open what the file says is closed, so only the values that
 * demand nothing are taken. Then what is refused, because to ignore it would change who votes or gets in. `server.N` is a
 * grammar of its own (config_server.c).
 */
#include "host/config.h"

#include <string.h>

#define UINT(name, field, min, max, standard, help)                                                                            \
    {                                                                                                                          \
        name, CONFIG_HONOURED, CONFIG_UINT, min, max, standard, help, offsetof(struct config, field), false, NULL              \
    }
/* One that ZooKeeper's files set to -1 where it is not set. */
#define UINT_OR_UNSET(name, field, min, max, standard, help)                                                                   \
    {                                                                                                                          \
        name, CONFIG_HONOURED, CONFIG_UINT, min, max, standard, help, offsetof(struct config, field), true, NULL               \
    }
#define BOOL(name, field, standard, help)                                                                                      \
    {                                                                                                                          \
        name, CONFIG_HONOURED, CONFIG_BOOL, 0, 1, standard, help, offsetof(struct config, field), false, NULL                  \
    }
#define TEXT(name, field, standard, help)                                                                                      \
    {                                                                                                                          \
        name, CONFIG_HONOURED, CONFIG_TEXT, 0, 0, standard, help, offsetof(struct config, field), false, NULL                  \
    }
#define ACCEPTED(name, why)                                                                                                    \
    {                                                                                                                          \
        name, CONFIG_ACCEPTED, CONFIG_TEXT, 0, 0, NULL, why, 0, false, NULL                                                    \
    }
#define REFUSED(name, why)                                                                                                     \
    {                                                                                                                          \
        name, CONFIG_REFUSED, CONFIG_TEXT, 0, 0, NULL, why, 0, false, NULL                                                     \
    }

/* Taken, with a notice, with one of these values alone. */
#define DEMAND(name, harmless, why)                                                                                            \
    {                                                                                                                          \
        name, CONFIG_DEMAND, CONFIG_TEXT, 0, 0, NULL, why, 0, false, harmless                                                  \
    }

#define WHY_ELECTION "elections follow electionMinMs and electionMaxMs"
#define WHY_TLS "TLS is not built: all traffic stays in the clear"
#define WHY_AUTH "clients authenticate by digest and address only"
#define WHY_NO_SASL "nobody can prove sasl here; enforce.auth.schemes may demand digest or ip"
#define WHY_PEER_SECRET "servers authenticate each other by peerSecretFile"
#define WHY_BOUNDS "queues and buffers have fixed bounds here"
#define WHY_JAVA "a detail of ZooKeeper's implementation"
#define WHY_ADMIN "there is no admin server: use the four-letter words"
#define WHY_OBSERVER "there are no observers"
#define WHY_MEMBERS "the set of voters is fixed when the ensemble is formed"

#define HOUR_MS 3600000

static const struct config_key keys[] = {
    TEXT("dataDir", data_dir, "./coord-data", "Directory of snapshots, of the promise and of the file myid; made if absent."),
    TEXT("dataLogDir", log_dir, NULL, "Directory of the write-ahead log; dataDir when not set. A disk of its own is best."),
    UINT("clientPort", client_port, 0, 65535, "2181", "Port for clients; 0 takes a free one, which the log names."),
    TEXT("clientPortAddress", client_address, NULL, "Address that clients connect to; all of the machine when not set."),
    UINT_OR_UNSET("clientPortListenBacklog", listen_backlog, 1, 65535, "1024", "Connections that may wait to be accepted."),
    BOOL("clientTcpKeepAlive", client_keepalive, "false", "Let the kernel probe silent client connections."),
    UINT("maxClientCnxns", address_connections_max, 0, 1000000, "60", "Connections from one address; 0: no limit."),
    UINT("maxCnxns", connections_max, 0, 10000000, "0",
         "Connections in all; 0: as many as the descriptor limit allows, less a reserve for files."),
    BOOL("readonlymode.enabled", read_only, "false",
         "Without a leader for four election time-outs, serve reads to clients that ask for it."),
    BOOL("localSessionsEnabled", local_sessions, "false",
         "New sessions are known to their server alone; in an ensemble of several servers."),
    BOOL("localSessionsUpgradingEnabled", local_upgrading, "false",
         "Make a local session known to all servers when it asks for an ephemeral node, rather than refuse that by -120."),
    UINT("tickTime", tick_ms, 1, HOUR_MS, "3000", "The tick in ms, in which session time-outs are counted."),
    UINT_OR_UNSET("minSessionTimeout", session_min_ms, 0, 24 * HOUR_MS, NULL,
                  "Least session time-out in ms; 2 ticks when not set."),
    UINT_OR_UNSET("maxSessionTimeout", session_max_ms, 0, 24 * HOUR_MS, NULL,
                  "Greatest session time-out in ms; 20 ticks when not set."),
    UINT("initLimit", init_limit, 1, 1000000, "10", "Read and shown by conf; a follower that catches up has no time limit."),
    UINT("syncLimit", sync_limit, 1, 1000000, "5", "Read and shown by conf; a follower that lags is never dropped."),
    UINT("jute.maxbuffer", packet_max_bytes, 1024, 32u << 20, "1048575", "Largest request of a client in bytes."),
    UINT("connectTimeoutMs", connect_timeout_ms, 100, HOUR_MS, "20000",
         "Time for a client's connect request, from when its connection was made. Not a key of ZooKeeper's."),
    UINT("nodeDataMaxBytes", node_data_max_bytes, 0, 32u << 20, "0",
         "Largest data of a node that a client may write; 0: what fits into a request. Not a key of ZooKeeper's."),
    UINT("replyMaxBytes", reply_max_bytes, 0, 1u << 30, "0",
         "Largest reply to a read, beyond it error -8; 0: no limit. Not a key of ZooKeeper's."),
    UINT("globalOutstandingLimit", requests_max, 0, 1000000000, "100000",
         "Waiting requests of all clients; from there on one that has a request waiting is not read further. 0: no limit."),
    UINT("requestThrottleLimit", requests_throttle, 0, 1000000000, "0",
         "The same under another name of ZooKeeper's; the lower of the two counts. 0: no limit."),
    UINT("request_throttle_max_requests", requests_throttle, 0, 1000000000, NULL,
         "requestThrottleLimit by the name of its system property."),
    UINT("largeRequestMaxBytes", requests_max_bytes, 0, UINT32_MAX, "104857600",
         "Bytes of the waiting requests of all clients, with the same effect. 0: no limit."),
    UINT("snapCount", snap_count, 2, 1000000000, "100000", "Log entries between two snapshots."),
    UINT("preAllocSize", segment_kib, 64, 1u << 20, "16384", "Size of a log segment in KiB."),
    UINT("autopurge.snapRetainCount", snap_retain, 1, 1000, "3", "Snapshots kept, with the log behind the oldest; at least 2."),
    TEXT("4lw.commands.whitelist", four_letter_words, "conf,crst,dirs,envi,gtmk,hash,isro,mntr,ruok,srst,srvr,stat,stmk,wchs",
         "Four-letter words that are answered, by commas; * for all: cons, dump, wchc and wchp too, which can be long."),
    BOOL("quorumListenOnAllIPs", listen_on_all, "false",
         "Listen for peers on all addresses, not only on the own server line's."),
    TEXT("dynamicConfigFile", dynamic_file, NULL, "A file that holds the server lines."),
    UINT("heartbeatMs", heartbeat_ms, 5, 60000, "50", "Time between two heartbeats of the leader. Not a key of ZooKeeper's."),
    UINT("electionMinMs", election_min_ms, 20, HOUR_MS, "300",
         "Least time without a leader before an election; at least 3 heartbeats. Not a key of ZooKeeper's."),
    UINT("electionMaxMs", election_max_ms, 20, HOUR_MS, "600",
         "Greatest such time; each wait is drawn between the two. Not a key of ZooKeeper's."),
    TEXT("peerSecretFile", peer_secret_file, NULL,
         "File whose content all servers share, by which they authenticate each other. Not a key of ZooKeeper's."),
    BOOL("extendedTypesEnabled", ttl_nodes, "true", "Let clients create TTL nodes; false in ZooKeeper."),
    UINT("znode.container.checkIntervalMs", reap_interval_ms, 1, 24 * HOUR_MS, "60000",
         "How often the leader looks for containers and TTL nodes whose time has come."),
    UINT("znode.container.maxPerMinute", reap_per_minute, 1, 1000000000, "10000",
         "How many of them it removes in a minute at most."),
    BOOL("enforceQuota", enforce_quota, "false",
         "Refuse what passes a hard limit of a quota. The leader's file decides for all servers."),
    BOOL("enforce.auth.enabled", enforce_auth, "false",
         "Who has proven none of enforce.auth.schemes gets -124 for any request, and is closed."),
    TEXT("enforce.auth.schemes", auth_schemes, NULL, "Schemes by commas of which one must be proven: digest, ip."),
    TEXT("DigestAuthenticationProvider.superDigest", super_digest, NULL,
         "user:HASH; who adds this digest may do everything, whatever the ACLs say."),
    TEXT("logLevel", log_level, "info", "debug, info, warn or error. Not a key of ZooKeeper's."),

    ACCEPTED("electionAlg", WHY_ELECTION),
    ACCEPTED("electionPortBindRetry", "there is one port for peers, and no separate one for elections"),
    ACCEPTED("fastleader.minNotificationInterval", WHY_ELECTION),
    ACCEPTED("fastleader.maxNotificationInterval", WHY_ELECTION),
    ACCEPTED("cnxTimeout", "peers are dialled again at most 250 ms after a failure"),
    ACCEPTED("quorumCnxnTimeoutMs", "a silent peer is found by heartbeats"),
    ACCEPTED("maxTimeToWaitForEpoch", WHY_ELECTION),
    ACCEPTED("leader.maxTimeToWaitForEpoch", WHY_ELECTION),
    ACCEPTED("connectToLearnerMasterLimit", WHY_ELECTION),
    ACCEPTED("leaderServes", "the leader serves clients too"),
    ACCEPTED("tcpKeepAlive", "links between servers always probe a silent peer"),
    ACCEPTED("quorum.cnxn.threads.size", WHY_JAVA),
    ACCEPTED("commitLogCount", "the last 16 MiB of the log stay in memory for followers"),
    ACCEPTED("snapSizeLimitInKb", "snapshots are taken every snapCount entries"),
    ACCEPTED("txnLogSizeLimitInKb", "the log is kept in segments of preAllocSize"),
    ACCEPTED("autopurge.purgeInterval", "old snapshots and segments are purged as soon as a new snapshot is verified"),
    ACCEPTED("forceSync", "every acknowledged write is on disk"),
    ACCEPTED("fsync.warningthresholdms", "the log writer has no such warning"),
    ACCEPTED("flushDelay", "all that waits shares one sync"),
    ACCEPTED("maxWriteQueuePollTime", "all that waits shares one sync"),
    ACCEPTED("maxBatchSize", "all that waits shares one sync"),
    ACCEPTED("snapshot.trust.empty", "a manifest names the files that must be there"),
    ACCEPTED("snapshot.compression.method", "snapshots are always LZ4 frames"),
    ACCEPTED("datadir.autocreate", "dataDir is made if absent; a server with an empty one has no vote until it is admitted"),
    ACCEPTED("db.autocreate", "a server with an empty dataDir has no vote until it is admitted"),
    ACCEPTED("digest.enabled", "a digest of the tree is always kept and compared"),
    ACCEPTED("serializeLastProcessedZxid.enabled", "a snapshot is exact at one zxid"),
    ACCEPTED("maxResponseCacheSize", WHY_JAVA),
    ACCEPTED("maxGetChildrenResponseCacheSize", WHY_JAVA),
    ACCEPTED("jute.maxbuffer.extrasize", "the log holds the client's own bytes"),
    ACCEPTED("emulate353TTLNodes", "no data directory of ZooKeeper 3.5.3 is read"),
    ACCEPTED("znode.container.maxNeverUsedIntervalMs", "a container that never had a child stays, as with its default there"),
    ACCEPTED("watchManagerName", WHY_JAVA),
    ACCEPTED("watcherCleanThreadsNum", WHY_JAVA),
    ACCEPTED("watcherCleanThreshold", WHY_JAVA),
    ACCEPTED("watcherCleanIntervalInSeconds", WHY_JAVA),
    ACCEPTED("maxInProcessingDeadWatchers", WHY_JAVA),
    ACCEPTED("bitHashCacheSize", WHY_JAVA),
    ACCEPTED("intBufferStartingSizeBytes", WHY_JAVA),
    ACCEPTED("connectionMaxTokens", WHY_BOUNDS),
    ACCEPTED("connectionTokenFillTime", WHY_BOUNDS),
    ACCEPTED("connectionTokenFillCount", WHY_BOUNDS),
    ACCEPTED("connectionFreezeTime", WHY_BOUNDS),
    ACCEPTED("connectionDropIncrease", WHY_BOUNDS),
    ACCEPTED("connectionDropDecrease", WHY_BOUNDS),
    ACCEPTED("connectionDecreaseRatio", WHY_BOUNDS),
    ACCEPTED("connection_throttle_weight_enabled", WHY_BOUNDS),
    ACCEPTED("connection_throttle_global_session_weight", WHY_BOUNDS),
    ACCEPTED("connection_throttle_local_session_weight", WHY_BOUNDS),
    ACCEPTED("connection_throttle_renew_session_weight", WHY_BOUNDS),
    ACCEPTED("requestThrottleStallTime", "what is not read waits in the client's socket"),
    ACCEPTED("requestThrottleDropStale", WHY_BOUNDS),
    ACCEPTED("requestStaleLatencyCheck", WHY_BOUNDS),
    ACCEPTED("requestStaleConnectionCheck", WHY_BOUNDS),
    ACCEPTED("request_throttler.shutdownTimeout", WHY_BOUNDS),
    ACCEPTED("throttledOpWaitTime", WHY_BOUNDS),
    ACCEPTED("largeRequestThreshold", "largeRequestMaxBytes counts the bytes of all requests"),
    ACCEPTED("multiRead.*", "a multiRead has at most 65,536 operations and 16 MiB of results"),
    ACCEPTED("maxConcurrentSnapSyncs", WHY_BOUNDS),
    ACCEPTED("maxConcurrentDiffSyncs", WHY_BOUNDS),
    ACCEPTED("serverCnxnFactory", WHY_JAVA),
    ACCEPTED("advancedFlowControlEnabled", WHY_JAVA),
    ACCEPTED("netty.*", WHY_JAVA),
    ACCEPTED("outstandingHandshake.limit", WHY_TLS),
    ACCEPTED("nio.*", WHY_JAVA),
    ACCEPTED("commitProcessor.*", WHY_JAVA),
    ACCEPTED("messageTracker.*", WHY_JAVA),
    ACCEPTED("learner.*", WHY_JAVA),
    ACCEPTED("forward_learner_requests_to_commit_processor_disabled", WHY_JAVA),
    ACCEPTED("admin.*", WHY_ADMIN),
    ACCEPTED("metricsProvider.*", "figures are shown by the four-letter word mntr"),
    ACCEPTED("audit.enable", "there is no audit log"),
    ACCEPTED("audit.impl.class", "there is no audit log"),
    ACCEPTED("traceFile", "there is no trace file"),
    ACCEPTED("syncEnabled", WHY_OBSERVER),
    ACCEPTED("observer.*", WHY_OBSERVER),
    ACCEPTED("observerMasterPort", WHY_OBSERVER),
    ACCEPTED("standaloneEnabled", "one server line, or none, makes a lone server"),
    ACCEPTED("reconfigEnabled", WHY_MEMBERS),
    ACCEPTED("skipReconfigACL", WHY_MEMBERS),
    ACCEPTED("configBackwardCompatibility", WHY_MEMBERS),
    ACCEPTED("version", WHY_MEMBERS),
    ACCEPTED("lastSeenQuorumVerifier", WHY_MEMBERS),
    ACCEPTED("multiAddress.*", "a server line names one address"),
    ACCEPTED("enableEagerACLCheck", WHY_JAVA),
    ACCEPTED("skipACL", "ACLs are always enforced"),
    DEMAND("secureClientPort", "0,-1", "TLS is not built: there is no encrypted port for clients"),
    ACCEPTED("secureClientPortAddress", WHY_TLS),
    DEMAND("sslQuorum", "false,no", "TLS is not built: what servers say to each other stays in the clear"),
    ACCEPTED("sslQuorumReloadCertFiles", WHY_TLS),
    ACCEPTED("ssl.*", WHY_TLS),
    ACCEPTED("fips-mode", WHY_TLS),
    ACCEPTED("portUnification", WHY_TLS),
    ACCEPTED("client.portUnification", WHY_TLS),
    ACCEPTED("authProvider.*", WHY_AUTH),
    ACCEPTED("authProvider", WHY_AUTH),
    DEMAND("DigestAuthenticationProvider.enabled", "true,yes", "digest cannot be switched off"),
    DEMAND("DigestAuthenticationProvider.digestAlg", "SHA1,SHA-1", "digests are made with SHA1"),
    ACCEPTED("DigestAuthenticationProvider.*", "digests are made with SHA1, and always on"),
    ACCEPTED("X509AuthenticationProvider.*", WHY_AUTH),
    ACCEPTED("superUser", WHY_AUTH),
    ACCEPTED("ensembleAuthName", WHY_AUTH),
    DEMAND("sessionRequireClientSASLAuth", "false,no", WHY_NO_SASL),
    ACCEPTED("allowSaslFailedClients", WHY_AUTH),
    ACCEPTED("jaasLoginRenew", WHY_AUTH),
    ACCEPTED("kerberos.*", WHY_AUTH),
    DEMAND("quorum.auth.learnerRequireSasl", "false,no", WHY_PEER_SECRET),
    DEMAND("quorum.auth.serverRequireSasl", "false,no", WHY_PEER_SECRET),
    ACCEPTED("quorum.auth.*", WHY_PEER_SECRET),
    ACCEPTED("connection_throttle_tokens", WHY_BOUNDS),
    ACCEPTED("connection_throttle_fill_time", WHY_BOUNDS),
    ACCEPTED("connection_throttle_fill_count", WHY_BOUNDS),
    ACCEPTED("connection_throttle_freeze_time", WHY_BOUNDS),
    ACCEPTED("connection_throttle_drop_increase", WHY_BOUNDS),
    ACCEPTED("connection_throttle_drop_decrease", WHY_BOUNDS),
    ACCEPTED("connection_throttle_decrease_ratio", WHY_BOUNDS),
    ACCEPTED("request_throttle_stall_time", "what is not read waits in the client's socket"),
    ACCEPTED("request_throttle_drop_stale", WHY_BOUNDS),
    ACCEPTED("request_stale_latency_check", WHY_BOUNDS),
    ACCEPTED("request_stale_connection_check", WHY_BOUNDS),
    ACCEPTED("throttled_op_wait_time", WHY_BOUNDS),
    ACCEPTED("leader.maxConcurrentSnapSyncs", WHY_BOUNDS),
    ACCEPTED("leader.maxConcurrentDiffSyncs", WHY_BOUNDS),
    ACCEPTED("leader.closeSocketAsync", WHY_JAVA),
    ACCEPTED("leader.ackLoggingFrequency", WHY_JAVA),
    ACCEPTED("leader.nodelay", "what servers say to each other is always sent at once"),
    ACCEPTED("follower.*", WHY_JAVA),
    ACCEPTED("leaderConnectDelayDuringRetryMs", "peers are dialled again at most 250 ms after a failure"),
    ACCEPTED("snapshotSizeFactor", "a follower whose log ends before the leader's begins gets a snapshot, any other the log"),
    ACCEPTED("forceSnapshotSync", "a follower whose log ends before the leader's begins gets a snapshot, any other the log"),
    ACCEPTED("closeSessionTxn.enabled", "the end of a session is one entry with all its ephemeral nodes"),
    ACCEPTED("observerMaster.*", WHY_OBSERVER),
    ACCEPTED("pathStats.*", "there are no figures by path"),
    ACCEPTED("jvm.pause.*", WHY_JAVA),
    ACCEPTED("jmx.*", WHY_JAVA),
    ACCEPTED("controllerPort", WHY_JAVA),
    ACCEPTED("watchManaggerName", WHY_JAVA),
    ACCEPTED("client.certReload", WHY_TLS),
    ACCEPTED("IPAuthenticationProvider.*",
             "the address is that of the connection: a proxy's word for another one is not taken"),
    ACCEPTED("SASLAuthenticationProvider.*", WHY_AUTH),
    ACCEPTED("letAnySaslUserDoX", WHY_AUTH),
    ACCEPTED("requireKerberosConfig", WHY_AUTH),
    ACCEPTED("sasl.*", WHY_AUTH),
    ACCEPTED("security.auth_to_local", WHY_AUTH),

    REFUSED("group.*", "groups of voters do not exist here: a quorum is a majority of the servers"),
    REFUSED("weight.*", "weights of voters do not exist here: a quorum is a majority of the servers"),
    REFUSED("oraclePath", "no file decides what a quorum is: it is a majority of the servers"),
    REFUSED("requireClientAuthScheme", WHY_NO_SASL),
};

const struct config_key *config_keys(size_t *count)
{
    *count = sizeof(keys) / sizeof(keys[0]);
    return keys;
}

static bool key_covers(const struct config_key *key, const char *name)
{
    size_t size = strlen(key->name);

    if (key->name[size - 1] == '*')
        return strncmp(key->name, name, size - 1) == 0 && name[size - 1] != '\0';
    return strcmp(key->name, name) == 0;
}

const struct config_key *config_key_find(const char *name)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (key_covers(&keys[i], name))
            return &keys[i];
    return NULL;
}
