#!/usr/bin/env bash
# A real Apache Kafka for tests and `make cluster`, of 1 or 3 nodes, below one folder. Needs JDK 17 and Maven (`scripts/setup.sh test`).
#
#   scripts/servers/kafka.sh up DIR [NODES] [IDLE]  fetch, start, print the address; after IDLE seconds without users, stop
#   scripts/servers/kafka.sh boot DIR [LISTENER]    print the address of PLAINTEXT, SASL_PLAINTEXT, SASL_SSL or SSL
#   scripts/servers/kafka.sh start|stop|kill DIR I  one node: start and wait, stop in order, SIGKILL
#   scripts/servers/kafka.sh pause|resume DIR I     one node: SIGSTOP, SIGCONT
#   scripts/servers/kafka.sh down DIR               stop all
#   scripts/servers/kafka.sh fetch                  only the jars
#
# Who uses a shared server holds a shared lock (flock) on DIR/users. Ports are free ones, and stay for a DIR. Where
# DIR/secure.properties is, the listeners for passwords and certificates are there as well, with that file's settings;
# DIR/format.args then holds more arguments for formatting, one a line. KAFKA_JARS names another folder for the jars.
# DIR/places, with lines NODE ADDRESS [NAMESPACE], gives nodes other addresses than 127.0.0.1, and network namespaces to run in.
set -euo pipefail
VERSION=4.4.0
JARS=${KAFKA_JARS:-${XDG_CACHE_HOME:-$HOME/.cache}/vedetta/kafka-$VERSION}
LISTENERS=(PLAINTEXT CONTROLLER SASL_PLAINTEXT SASL_SSL SSL)

die() { echo "error: $*" >&2; exit 1; }
command -v java >/dev/null || die "Kafka needs Java: apt-get install openjdk-17-jre-headless (or scripts/setup.sh cluster)"

run=${1:-} dir=${2:-}
[ "$run" = fetch ] || [ -n "$dir" ] || die "usage: $0 up|boot|start|stop|kill|pause|resume|down DIR …"
if [ -n "$dir" ]; then mkdir -p "$dir"/{conf,data,log,run} && dir=$(cd "$dir" && pwd); fi
nodes() { cat "$dir/nodes"; }
pid() { cat "$dir/run/$1.pid" 2>/dev/null; }
alive() { local pid; pid=$(pid "$1") && kill -0 "$pid" 2>/dev/null; }
place() { # place NODE COLUMN
  [ ! -e "$dir/places" ] || awk -v node="$1" -v column="$2" '$1 == node { print $column }' "$dir/places"
}
host() { local host; host=$(place "$1" 2); echo "${host:-127.0.0.1}"; }
port() { awk -v node="$1" -v listener="$2" '$1 == node && $2 == listener { print $3 }' "$dir/ports"; }

fetch() {
  [ ! -e "$JARS/.complete" ] || return 0
  command -v mvn >/dev/null || die "Kafka is fetched with Maven: apt-get install maven"
  mkdir -p "$JARS"
  exec 8>"$JARS/.lock" && flock 8                    # several tests may begin at once
  [ ! -e "$JARS/.complete" ] || return 0
  cat > "$JARS/pom.xml" <<XML
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
  <groupId>vedetta</groupId><artifactId>kafka-for-tests</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$VERSION</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies></project>
XML
  mvn -q -B -f "$JARS/pom.xml" -DincludeScope=runtime "-DoutputDirectory=$JARS" \
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies >&2 || die "Maven could not fetch Kafka $VERSION"
  touch "$JARS/.complete"
}

java_run() { # [namespace=NAME] java_run CLASS ARG…: `exec`, so that the process is Java itself
  exec ${namespace:+nsenter "--net=/run/netns/$namespace"} java -Xms64m -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError \
    -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info \
    -Dorg.slf4j.simpleLogger.showDateTime=true ${KAFKA_JAVA_OPTS:-} -cp "$JARS/*" "$@"
}

# Below the range from which the system gives out ports by itself.
choose_ports() {
  [ ! -s "$dir/ports" ] || return 0
  local node listener port
  for node in $(seq "$(nodes)"); do for listener in "${LISTENERS[@]}"; do
    until port=$((20000 + RANDOM % 12000)) && ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null &&
      ! grep -qs " $port$" "$dir/ports.new"; do :; done
    echo "$node $listener $port" >> "$dir/ports.new"
  done; done
  mv "$dir/ports.new" "$dir/ports"
}

configure() { # configure NODE
  local node=$1 listeners= voters= i listener replicas=1 in_sync=1
  [ "$(nodes)" -lt 3 ] || { replicas=3 in_sync=2; }
  for i in $(seq "$(nodes)"); do voters+=,$i@$(host "$i"):$(port "$i" CONTROLLER); done
  for listener in "${LISTENERS[@]}"; do
    case $listener in PLAINTEXT | CONTROLLER) ;; *) [ -e "$dir/secure.properties" ] || continue ;; esac
    listeners+=,$listener://$(host "$node"):$(port "$node" "$listener")
  done
  cat <<PROPERTIES
process.roles=broker,controller
node.id=$node
controller.quorum.voters=${voters#,}
listeners=${listeners#,}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL
controller.listener.names=CONTROLLER
log.dirs=$dir/data/$node
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
auto.create.topics.enable=false
default.replication.factor=$replicas
min.insync.replicas=$in_sync
offsets.topic.replication.factor=$replicas
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=$replicas
transaction.state.log.min.isr=$in_sync
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=$replicas
share.coordinator.state.topic.min.isr=$in_sync
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.cleaner.dedupe.buffer.size=16777216
PROPERTIES
  [ ! -e "$dir/secure.properties" ] || cat "$dir/secure.properties"
}

start() { # start NODE: returns at once
  local node=$1 more=() namespace
  namespace=$(place "$node" 3)
  [ -s "$dir/cluster.id" ] || head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d = > "$dir/cluster.id"
  configure "$node" > "$dir/conf/$node.properties"
  [ ! -e "$dir/format.args" ] || mapfile -t more < "$dir/format.args"
  [ -e "$dir/data/$node/meta.properties" ] ||
    (java_run kafka.tools.StorageTool format -t "$(cat "$dir/cluster.id")" -c "$dir/conf/$node.properties" "${more[@]}") \
      > "$dir/log/$node.format" 2>&1 || die "formatting failed, see $dir/log/$node.format"
  [ ! -e "$dir/log/$node.log" ] || mv "$dir/log/$node.log" "$dir/log/$node.before"
  # In a session of its own, with no lock and no pipe of the caller: it outlives whoever started it.
  (exec 7>&- 8>&- 9>&-; java_run kafka.Kafka "$dir/conf/$node.properties" > "$dir/log/$node.log" 2>&1 < /dev/null &
   echo $! > "$dir/run/$node.pid")
}

ready() { # ready NODE: an open port is not enough; the line comes once it is registered
  for _ in $(seq 600); do
    ! grep -qs 'Kafka Server started' "$dir/log/$1.log" || return 0
    alive "$1" || break
    sleep 0.1
  done
  tail -n 20 "$dir/log/$1.log" >&2
  die "Kafka node $1 did not start, see $dir/log/$1.log"
}

end() { # end NODE SIGNAL: and wait until it is gone
  local pid; pid=$(pid "$1") || return 0
  kill "-$2" "$pid" 2>/dev/null || return 0
  for _ in $(seq 300); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.1; done
  kill -KILL "$pid" 2>/dev/null || :
}

down() {
  [ -s "$dir/nodes" ] || return 0
  local i
  for i in $(seq "$(nodes)"); do kill "$(pid "$i")" 2>/dev/null || :; done
  for i in $(seq "$(nodes)"); do end "$i" TERM; done
}

boot() { # boot LISTENER
  local all= i
  for i in $(seq "$(nodes)"); do all+=,$(host "$i"):$(port "$i" "$1"); done
  echo "${all#,}"
}

# Stops the server when nobody has held DIR/users for a while. Whoever starts it holds DIR/lock, and so does this to stop it.
reap() { # reap SECONDS
  local free=0
  while [ "$free" -lt "$1" ]; do
    sleep 1
    alive 1 || return 0
    if flock -n -x "$dir/users" true; then free=$((free + 1)); else free=0; fi
  done
  exec 9>"$dir/lock" && flock 9
  if flock -n -x "$dir/users" true; then down; else exec 9>&- && reap "$1"; fi
}

case $run in
  fetch) fetch ;;
  up)
    fetch
    [ -s "$dir/nodes" ] || echo "${3:-1}" > "$dir/nodes"
    choose_ports
    started=
    for i in $(seq "$(nodes)"); do alive "$i" || { start "$i"; started=yes; }; done
    for i in $(seq "$(nodes)"); do ready "$i"; done
    if [ -n "$started" ] && [ -n "${4:-}" ]; then setsid "$0" reap "$dir" "$4" > "$dir/log/reap" 2>&1 < /dev/null 8>&- & fi
    boot PLAINTEXT ;;
  reap) reap "$3" ;;
  boot) boot "${3:-PLAINTEXT}" ;;
  start) start "$3"; ready "$3" ;;
  stop) end "$3" TERM ;;
  kill) end "$3" KILL ;;
  pause) kill -STOP "$(pid "$3")" ;;
  resume) kill -CONT "$(pid "$3")" ;;
  down) down ;;
  *) die "unknown: $run" ;;
esac
