# One image with every program: the services, `vedetta` with the tools, and the agent. Built in stages; what runs has no
# compiler, no root and nothing to write to but what is mounted.
#
#   docker build -t vedetta:local .
FROM node:22-bookworm-slim AS node

FROM rust:1.95-bookworm AS build
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
WORKDIR /src
COPY scripts/setup.sh scripts/setup.sh
RUN scripts/setup.sh build
COPY . .
ENV VEDETTA_BPF=require
RUN make console \
 && cargo build --release --locked -p vedetta -p vedetta-node-agent \
      -p vedetta-tenant -p vedetta-ingest -p vedetta-detect -p vedetta-query \
 && install -D -t /out target/release/vedetta target/release/vedetta-agent \
      target/release/vedetta-tenant target/release/vedetta-ingest target/release/vedetta-detect target/release/vedetta-query

FROM debian:bookworm-slim
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends libssl3 libcurl4 ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin vedetta \
 && install -d -o 10001 -g 10001 -m 700 /secrets
COPY --from=build /out/ /usr/local/bin/
# A fresh volume mounted at /secrets takes its owner from here: `vedetta bootstrap` can write to it.
ENV VEDETTA_KEYS__DIR=/secrets \
    VEDETTA_TELEMETRY__FORMAT=json \
    VEDETTA_TELEMETRY__OUTPUT=stdout
USER 10001:10001
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s CMD ["vedetta", "health"]
CMD ["vedetta", "run"]
