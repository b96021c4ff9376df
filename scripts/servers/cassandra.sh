#!/usr/bin/env bash
# Real Apache Cassandra nodes for tests and `make cluster`, from Maven artefacts, on loopback addresses: node I is 127.0.0.I, or NET.I.
#
#   cassandra.sh fetch            the server's jars, once, for everybody
#   DIR=… cassandra.sh up         start NODES nodes with empty data and wait until they answer
#   DIR=… cassandra.sh serve      start those that do not run, on what they left, wait until they answer, print the endpoints
#   DIR=… cassandra.sh start I | wait I | kill9 I | stop I | pause I | resume I
#   DIR=… cassandra.sh down       stop all of them
#   DIR=… cassandra.sh endpoints  host:port,host:port
#   DIR=… cassandra.sh share      the endpoint of one node that all callers share; see below
#
# DIR is the absolute folder for configuration, data and logs. NODES is 1 (or 3), HEAP 512m. JARS is where fetch puts the jars.
# With NETNS=NAME, node I runs in the network namespace NAMEI.
# DIR/authenticator may name who checks users, such as PasswordAuthenticator.
# A shared node forgets its tables when it is started again; the others keep what they acknowledged.
#
# `share` starts a node unless one runs in DIR already. It ends by itself once nobody has held a shared lock (flock) on
# DIR/users for a minute: whoever uses it takes that lock first, and can't forget to give it back.
set -euo pipefail

VERSION=5.0.8
PLUGIN=org.apache.maven.plugins:maven-dependency-plugin:3.6.1
NODES=${NODES:-1} HEAP=${HEAP:-512m} IDLE_SECONDS=${IDLE_SECONDS:-60} NET=${NET:-127.0.0} NETNS=${NETNS:-}
root=$(cd "$(dirname "$0")/../.." && pwd)
JARS=${JARS:-${CARGO_TARGET_DIR:-$root/target}/servers/cassandra-$VERSION}

die() { printf 'error: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1 || die "$1 is missing, which a Cassandra for tests needs: run scripts/setup.sh test, or set VEDETTA_TEST_CQL=host:port to use a server of your own"; }

fetch() {
  [ -e "$JARS/.complete" ] && return
  have mvn; have java
  mkdir -p "$JARS"
  exec 8> "$JARS/.lock"; flock 8
  [ -e "$JARS/.complete" ] && return
  cat > "$JARS/pom.xml" <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>vedetta.test</groupId><artifactId>cassandra</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.cassandra</groupId><artifactId>cassandra-all</artifactId><version>$VERSION</version></dependency>
  </dependencies>
</project>
XML
  mvn -q -B -f "$JARS/pom.xml" -DincludeScope=runtime -DoutputDirectory="$JARS" "$PLUGIN:copy-dependencies" >&2 ||
    die "Maven could not fetch Cassandra $VERSION"
  touch "$JARS/.complete"
  exec 8>&-
}

free_port() { # and the one behind it
  local port
  for _ in $(seq 100); do
    port=$((20000 + RANDOM % 12000))
    for p in $port $((port + 1)); do (exec 3<> "/dev/tcp/127.0.0.1/$p") 2>/dev/null && continue 2; done
    echo "$port"; return
  done
  die "no free port between 20000 and 32000"
}

pid() { cat "$DIR/run/$1.pid"; }
alive() { kill -0 "$(pid "$1" 2>/dev/null)" 2>/dev/null; }
gone() { for _ in $(seq 600); do kill -0 "$1" 2>/dev/null || return 0; sleep 0.05; done; return 1; }
each() { for node in $(seq "$NODES"); do "$@" "$node"; done; }
answers() { (exec 3<> "/dev/tcp/$NET.$1/$(cat "$DIR/port")") 2>/dev/null; }

# Tokens are given, so that nodes need not wait for each other's.
yaml() {
  local seeds=''
  for node in $(seq "$NODES"); do seeds+=,$NET.$node:$((port + 1)); done
  cat <<YAML
cluster_name: vedetta-test
num_tokens: 1
initial_token: "$(((1 << 63) + ($1 - 1) * 6148914691236517205))"
auto_bootstrap: false
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
listen_address: $NET.$1
rpc_address: $NET.$1
authenticator: $(cat "$DIR/authenticator" 2>/dev/null || echo AllowAllAuthenticator)
storage_port: $((port + 1))
native_transport_port: $port
seed_provider: [{class_name: org.apache.cassandra.locator.SimpleSeedProvider, parameters: [{seeds: "${seeds#,}"}]}]
data_file_directories: [$data/data]
commitlog_directory: $data/commitlog
saved_caches_directory: $data/saved_caches
hints_directory: $data/hints
# A write is answered once it is on the disk: what is acknowledged survives SIGKILL.
commitlog_sync: batch
commitlog_segment_size: 32MiB
commitlog_total_space: 256MiB
memtable_heap_space: 64MiB
memtable_offheap_space: 64MiB
file_cache_size: 32MiB
networking_cache_size: 32MiB
key_cache_size: 8MiB
concurrent_reads: 8
concurrent_writes: 8
auto_snapshot: false
read_request_timeout: 10s
write_request_timeout: 10s
cas_contention_timeout: 5s
request_timeout: 20s
YAML
}

# What Cassandra's own start script passes to a JDK 17, for a small node.
jvm_arguments() {
  printf '%s\n' -Xms128m "-Xmx$HEAP" -Xss512k -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError \
    -XX:MaxDirectMemorySize=256m -Djdk.attach.allowAttachSelf=true -Dio.netty.tryReflectionSetAccessible=true \
    -Dcassandra-foreground=yes "-Dcassandra.storagedir=$data" -Dcassandra.ring_delay_ms=1000 \
    -Dcassandra.skip_wait_for_gossip_to_settle=0 -Dcassandra.shutdown_announce_in_ms=0 \
    -Dcassandra.superuser_setup_delay_ms=0
  # Tables are made in a tenth of the time, and are not there any more after a restart.
  if [ -n "${FLEETING_TABLES:-}" ]; then echo -Dcassandra.test.flush_local_schema_changes=false; fi
  for module in java.base/{jdk.internal.misc,java.lang.ref} java.management.rmi/com.sun.jmx.remote.internal.rmi \
    java.rmi/sun.rmi.{registry,server} java.sql/java.sql jdk.unsupported/sun.misc jdk.attach/sun.tools.attach; do
    echo "--add-exports=$module=ALL-UNNAMED"
  done
  for package in java.base/{java.lang,java.lang.module,java.lang.reflect,java.io,java.nio,java.util,sun.nio.ch} \
    jdk.management/com.sun.management.internal java.base/jdk.internal.{loader,ref,reflect,math,module,util.jar}; do
    echo "--add-opens=$package=ALL-UNNAMED"
  done
}

start() {
  local conf=$DIR/conf/$1 data=$DIR/data/$1 log=$DIR/log/$1.log port
  have java
  mkdir -p "$DIR"/{run,log} "$conf" "$data"
  [ -e "$DIR/port" ] || free_port > "$DIR/port"
  port=$(cat "$DIR/port")
  yaml "$1" > "$conf/cassandra.yaml"
  jvm_arguments > "$conf/jvm.arguments"
  cat > "$conf/logback.xml" <<'XML'
<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender"><encoder><pattern>%-5level %date{ISO8601} [%thread] %logger{20} - %msg%n</pattern></encoder></appender>
  <root level="INFO"><appender-ref ref="OUT"/></root>
</configuration>
XML
  [ ! -e "$log" ] || mv "$log" "$log.before"
  setsid nohup ${NETNS:+nsenter "--net=/run/netns/$NETNS$1"} java -javaagent:"$(echo "$JARS"/jamm-*.jar)" @"$conf/jvm.arguments" -cp "$conf:$JARS/*" \
    org.apache.cassandra.service.CassandraDaemon > "$log" 2>&1 < /dev/null 8>&- 9>&- &
  echo $! > "$DIR/run/$1.pid"
}

await() { # the CQL port opens only once the node serves
  for _ in $(seq 1200); do
    answers "$1" && return
    alive "$1" || break
    sleep 0.1
  done
  tail -20 "$DIR/log/$1.log" >&2
  die "node $1 does not answer; its log is $DIR/log/$1.log"
}

up() { fetch; rm -rf "$DIR"/{data,run,port}; each start; each await; }
serve() { fetch; for node in $(seq "$NODES"); do alive "$node" || start "$node"; done; each await; endpoints; }
stop() { local it; it=$(pid "$1" 2>/dev/null) || return 0; kill "$it" 2>/dev/null || return 0; gone "$it" || kill -9 "$it"; }
pause() { kill -STOP "$(pid "$1")"; }
resume() { kill -CONT "$(pid "$1")"; }
kill9() { local it; it=$(pid "$1"); kill -9 "$it"; gone "$it"; }
endpoints() { for node in $(seq "$NODES"); do printf '%s%s.%s:%s' "$([ "$node" = 1 ] || echo ,)" "$NET" "$node" "$(cat "$DIR/port")"; done; echo; }

share() {
  mkdir -p "$DIR"
  exec 9> "$DIR/starting"; flock 9
  if ! { alive 1 && answers 1; }; then
    stop 1; FLEETING_TABLES=yes up
    setsid nohup "$0" watch > /dev/null 2>&1 < /dev/null 9>&- &
  fi
  endpoints
}

watch() {
  local idle=0
  while alive 1; do
    sleep 2
    if flock -n -x "$DIR/users" true; then idle=$((idle + 2)); else idle=0; fi
    [ "$idle" -ge "$IDLE_SECONDS" ] || continue
    exec 9> "$DIR/starting"; flock 9     # nobody finds it alive from here on, and who did holds the users' lock
    if flock -n -x "$DIR/users" true; then stop 1; rm -rf "$DIR/data"; fi
    exec 9>&-
  done
}

command=${1:-}
case "$command" in fetch) ;; *) case "${DIR:-}" in /*) ;; *) die "DIR must be an absolute folder" ;; esac ;; esac
case "$command" in
  fetch | up | serve | endpoints | share | watch) "$command" ;;
  start | kill9 | stop | pause | resume) "$command" "${2:?which node}" ;;
  wait) await "${2:?which node}" ;;
  down) each stop ;;
  *) die "usage: $0 fetch|up|serve|start I|wait I|kill9 I|stop I|pause I|resume I|down|endpoints|share" ;;
esac
