# The hub in a container: built from source, run as an unprivileged user.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked -p pms-hub

FROM debian:bookworm-slim
RUN useradd --system --home /data hub && mkdir /data && chown hub /data
COPY --from=build /src/target/release/pms-hub /usr/local/bin/pms-hub
COPY configs/docker.toml /etc/pms-hub/docker.toml
USER hub
VOLUME /data
EXPOSE 8080 8086 8000 8087 4025
STOPSIGNAL SIGTERM
ENTRYPOINT ["pms-hub", "serve", "--config", "/etc/pms-hub/docker.toml"]
