# Built in one image, run in another that has no compiler, as a user who
# owns nothing but the data folder.
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev libssl-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY Cargo.toml Cargo.lock config.example.toml ./
COPY assets assets
COPY migrations migrations
COPY crates crates
COPY src src
RUN cargo build --release --locked

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libssl3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /data latchkey
COPY --from=build /source/target/release/latchkey /usr/local/bin/latchkey
USER latchkey
WORKDIR /data
VOLUME /data
ENV LATCHKEY_STORE__URL=sqlite:/data/latchkey.db LOG_FORMAT=json
HEALTHCHECK --interval=30s --timeout=6s --start-period=20s CMD ["latchkey", "health"]
ENTRYPOINT ["latchkey"]
CMD ["serve"]
