"""Every bound in the system, with its reason and unit. A limit that a config can move names the config."""

MAX_ARRAY_ELEMENTS = 1_000_000
"""Elements that one array of a request may announce, so that 4 bytes cannot ask for gigabytes."""

MAX_TAGGED_FIELDS = 10_000
"""Tagged fields in one structure, for the same reason."""

MAX_REQUEST_BYTES = 104_857_600
"""Default of `socket.request.max.bytes`: 100 MiB, as Apache Kafka's."""

FLUSH_THREADS = 4
"""Threads that wait for fdatasync: enough to keep a disk's queue busy, few enough not to fight for the
interpreter."""

KERNEL_SYNCS = 128
"""Files whose sync the kernel may be asked for at once; beyond them the flush threads serve."""

FETCH_SESSION_IDLE_SECONDS = 120.0
"""A fetch session idle for this long gives way to a new one when the cache is full; Apache Kafka's two
minutes."""

MAX_SESSION_EPOCH = 2**31 - 1
"""The last epoch of a fetch session's int32; after it comes 1, because 0 opens a session."""

PRODUCER_BATCHES_REMEMBERED = 5
"""Batches of one producer that are known again when they come twice: as many as a client may have in flight
(KIP-98)."""

UNVERIFIED_PRODUCERS = 10_000
"""Producers of one partition whose transaction is being asked about; of one that comes back after so many others it is
forgotten only which of its batches was to come first."""

READ_BUFFER_BYTES = 262_144
"""One per event loop, for all its connections: as much as one read of a fast socket brings; more no longer
helps."""

MAX_IN_FLIGHT_REQUESTS = 100
"""Requests of one connection that are being answered at once. Clients pipeline 5 to 10; Apache Kafka works on
1."""

MAX_IN_FLIGHT_BYTES = 67_108_864
"""Bytes that one connection's unanswered requests and its finished, waiting replies may hold: enough for five
requests of 10 MB, too little for one client to fill the memory."""

MAX_STARTED_PER_TURN = 128
"""Requests of one connection that are started before the loop turns to others: one read can bring thousands
of small ones, and at 20 µs each nobody should wait longer than a few milliseconds."""

WRITE_HIGH_WATER_BYTES = 262_144
"""Unsent bytes of one connection above which nothing more is read from it: it asks faster than it listens."""

CONNECTS_PER_TURN = 8
"""New connections set up in one turn of the loop: a storm of them must not starve those that work."""

CLOSE_LINGER_SECONDS = 0.5
"""How long a connection that the server ends may still send, to be dropped: its client closes as soon as it
sees the end, and needs that long over a slow line."""

STOP_SECONDS = 5.0
"""How long a stopping server waits for requests in flight before it cancels them."""

SAME_LOG_LINE_SECONDS = 10.0
"""One address's same complaint is logged once in this time, with a count of those left out."""

MAX_RESPONSE_BYTES = 1_073_741_824
"""The largest reply that a client takes: far above fetch.max.bytes, and below what a web server's `HTTP` says
when it is read as a size. Memory is taken only as the bytes arrive."""

CLIENT_READ_BUFFER_BYTES = 65_536
"""One per client connection; large replies have buffers of their own."""

CLIENT_CLOSE_SECONDS = 3.0
"""How long a closing client connection waits for the socket to take what was written."""

MAX_DECOMPRESSED_BYTES = 104_857_600
"""Bytes that the records of one batch may take after decompression: 100 MiB, as much as could have been sent
uncompressed in one request. A kilobyte of zstd can announce gigabytes. A reader may allow another number."""

MAX_COMPRESSED_BLOCKS = 100_000
"""Blocks in one compressed frame whose sizes are added up beforehand; empty ones take 3 bytes of a sender and
a quarter of a microsecond of ours. 100,000 of the smallest usual ones (lz4's 64 KiB) are over any limit
anyway."""

OPEN_FILES_SHARE = 0.4
"""The part of RLIMIT_NOFILE that open segment files may take; the rest is for sockets and everything else."""

MIN_OPEN_FILES = 16
"""Open segment files allowed at least, whatever RLIMIT_NOFILE says: fewer would reopen a file per request."""

MAX_OPEN_FILES_WANTED = 1 << 20
"""File descriptors asked for where the hard limit is «infinite»; some kernels refuse more."""

CACHE_PROBE_BYTES = 131_072
"""Distance of the one-byte probes that tell whether a range is in the page cache: the kernel's default
readahead."""

SMALL_READ_BYTES = 16_384
"""Reads up to this size are made at once without waiting; larger ones are probed first and then read
whole."""

READ_POSITIONS_REMEMBERED = 16
"""Per log: where the last reads ended. More parallel readers than this at different places pay an index
lookup."""

SCAN_CHUNK_BYTES = 8_192
"""Bytes per read while looking for a batch between two index entries (4 KiB apart by default)."""

RECOVERY_CHUNK_BYTES = 4 << 20
"""Bytes per read while a log is checked after a crash: large enough to be fast, small beside the memory
aim."""

READ_AHEAD_BYTES = 4 << 20
"""Bytes that a thread brings into the page cache when a reader comes to a cold place, so that its next reads
are hot."""

MAX_BATCH_BYTES = (1 << 31) - 1 - 12
"""The greatest batch length that an int32 can announce; more is damage, not data."""

LAG_SAMPLE_SECONDS = 0.5
"""Between two looks at how late the event loop is: often enough to see a stall, too rare to cost anything."""

MAX_TOPIC_NAME_LENGTH = 249
"""Characters: a topic's directory is named after it, and its partition and a suffix must fit in 255."""

MAX_NEW_PARTITIONS = 10_000
"""Partitions that one request may create, as in Apache Kafka 4.2: they are written in one transaction."""

COMPACTION_MAP_BYTES = 67_108_864
"""Memory for one compaction's map of keys unless `log.cleaner.dedupe.buffer.size` says otherwise: Apache
Kafka takes 128 MiB, which would be nearly all that a broker here should need."""

COMPACTION_MAP_ENTRY_BYTES = 160
"""What one key takes in that map, measured: a dict's slot, an int and up to 25 bytes of key."""

COMPACTION_CHUNK_BYTES = 1 << 20
"""Bytes that compaction reads and writes at once."""

COMPACTION_SLICE_BYTES = 65_536
"""Bytes that compaction works through before it lets the event loop's thread run: about a millisecond."""

COMPACTION_PAUSE_SECONDS = 0.0002
"""For how long it then does nothing. Zero would not do: the interpreter hands over only to a thread that is
awake."""

LOGS_PER_CHECKPOINT = 50
"""Logs in one checkpoint: each takes 0.1 to 0.2 ms of the event loop to begin, because files are opened."""

LOGS_PER_LAST_CHECKPOINT = 500
"""The same at a stop, when nobody waits for the event loop: each log holds three files open meanwhile."""

FILES_SYNCED_ONE_BY_ONE = 32
"""Logs in one checkpoint up to which each is synced by itself (some 5 syncs); above, the file system is
synced once."""

CHECKPOINT_LOOK_SECONDS = 2.0
"""How often it is looked whether a log took so much that it needs a checkpoint before its time."""

MAX_UNCHECKED_BYTES = 256 * 1024 * 1024
"""Bytes that one log takes before a checkpoint: a restart after a crash checks them again, which takes about
0.3 s."""

PARTITIONS_PER_TURN = 50
"""Partitions that a background pass looks at before the event loop may do something else: about a
millisecond."""

CLEANER_OPEN_PAUSE_SECONDS = 0.01
"""Between two partitions that the log cleaner opens because nobody did: opening one takes a fraction of a
millisecond, and ten thousand of them may take their time."""

SYNC_LOOK_SECONDS = 1.0
"""How often it is looked which partitions are due by `flush.ms`; so a sync by time comes at most this much
late."""

PRODUCER_IDS_PER_BLOCK = 1000
"""Producer ids that a broker takes from the cluster at a time, as Apache Kafka does: one metadata write for
many."""

REPLAY_CHUNK_BYTES = 262_144
"""Bytes of an internal partition that are replayed before the event loop has its turn: some milliseconds."""

COORDINATOR_DECISIONS_PER_TURN = 100
"""Deadlines of a coordinator that are looked at before the event loop has its turn; thousands may pass at once."""

GROUP_RECORDS_PER_BATCH = 1_000
"""Records of one batch when many offsets go at once, as with a deleted topic: some ten kilobytes."""

COORDINATOR_APPEND_RETRY_MS = 1_000
"""How long a coordinator that cannot write lets what is due rest."""

COORDINATOR_LOAD_WAIT_SECONDS = 5.0
"""How long a request waits for its coordinator to be read back before it is told COORDINATOR_LOAD_IN_PROGRESS: less
than clients wait for a reply, and longer than a partition of usual size takes."""

SWITCH_INTERVAL_SECONDS = 0.0005
"""How long a thread that is back from a disk may wait for the interpreter while the event loop is busy: Python's own
5 ms would be most of the time that an acknowledged write takes."""

MARKER_RETRY_SECONDS = 0.02
"""How long a coordinator waits before it tries again to end a transaction in a partition that could not be written;
each time twice as long, up to the next."""

MARKER_RETRY_MAX_SECONDS = 5.0
"""The longest of those waits: a disk that was full may be emptied, and nobody wants to wait for a minute then."""

DECODE_ON_THE_SPOT_BYTES = 262_144
"""A fetched batch larger than this is decompressed and decoded in a thread, so that a consumer's heartbeats go on:
smaller ones take some milliseconds, and a thread more than that."""

MIN_SCRAM_ITERATIONS = 4_096
"""Of SCRAM's key derivation: RFC 7677's least; a broker that asks for fewer makes a password easy to guess."""

MAX_SCRAM_ITERATIONS = 1_000_000
"""Some 0.2 s of the client's time; a broker that asks for more may only want to keep it busy."""

COMPRESS_IN_THREAD_BYTES = 65_536
"""Records of a request from which on a client compresses them in a thread: below, the way there and back takes as
long as zstd does."""

CONCURRENT_BACKOFF_SECONDS = 0.02
"""How long a producer waits while the markers of its last transaction are written, which takes milliseconds; Apache
Kafka's client waits as long."""

CLOSING_ABORT_SECONDS = 5.0
"""How long a producer that is closed tries to abort its open transaction; the coordinator does it later by itself."""

GROWN_BATCH_FACTOR = 16
GROWN_BATCH_BYTES = 262_144
"""A producer's batch may be so many times `batch.size`, and so many bytes, when more waits than can leave: there a
request for every 16 KiB costs both ends more than the records do. A quarter of a broker's `message.max.bytes`."""

PRODUCER_REST_SECONDS = 60.0
"""A partition to which a producer has sent nothing for so long is taken to know nothing of it: brokers forget
producers after `producer.id.expiration.ms`, a day by default, and to ask costs one round trip."""

REMEMBERED_KEYS = 10_000
"""Keys whose hash a producer remembers: murmur2 takes a microsecond in Python, and most keys come again."""

TYPED_TOPICS_REMEMBERED = 10_000
"""Topics, as names or Topic objects, that a producer keeps ready to send to; someone may make one for each record."""

SEND_MANY_YIELD_RECORDS = 2_000
"""What `send_many` appends before it lets the event loop turn: half a millisecond's work."""

LEAVE_GROUP_SECONDS = 30.0
"""How long a consumer that closes may take to finish, commit and leave its group, as Java's close does; then it goes
without a word, and its session ends it."""

PROCESSING_AT_ONCE = 256
"""Handlers that a consumer's `run` has going at once when it is told to go by partition or key: enough for work that
waits for others, and few enough that a stop does not wait for thousands."""

MAX_RECORDS_BETWEEN_THREADS = 10_000
"""Records of a blocking producer's `send_nowait` that its event loop has not taken yet: enough to fill batches while
the loop is busy. Behind it `buffer_memory` bounds their bytes; beyond it the sender waits."""
