# syntax=docker/dockerfile:1
FROM rust:1.95-slim-bookworm AS build
WORKDIR /build
# Dependencies first: they change less often than the code, and this layer is kept as long as they do not.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p src benches tests && echo 'fn main() {}' > src/main.rs && touch src/lib.rs \
    && sed -i '/^\[\[\(test\|bench\)\]\]/,/^$/d' Cargo.toml \
    && cargo build --locked --profile dist
COPY . .
RUN touch src/main.rs src/lib.rs && cargo build --locked --profile dist --bin followthrough

FROM debian:bookworm-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin followthrough \
    && install -d -o followthrough -g followthrough /data
COPY --from=build /build/target/dist/followthrough /usr/local/bin/followthrough
WORKDIR /data
ENV HOST=0.0.0.0 PORT=3000 DATABASE_URL=sqlite:///data/followthrough.db LOG_FORMAT=json
EXPOSE 3000
VOLUME /data
USER followthrough
HEALTHCHECK --interval=30s --timeout=3s --start-period=5s CMD ["followthrough", "health"]
ENTRYPOINT ["followthrough"]
CMD ["serve"]
