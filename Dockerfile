# A static program, root certificates, and nothing else. Building needs the module proxy and no other network.
#
#   docker build --build-arg VERSION="$(git describe --tags --always)" -t logferry .
#   docker run --rm -v "$PWD:/work" -v spool:/spool -e COMPOSIO_API_KEY logferry apply
#
# It runs as user 65532: a sink in a folder of the host needs `--user "$(id -u)"`, and a spool that this user may write.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/logferry ./cmd/logferry \
 && mkdir -p /out/tmp /out/spool /out/work

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build --chown=65532:65532 /out/tmp /tmp
COPY --from=build --chown=65532:65532 /out/spool /spool
COPY --from=build --chown=65532:65532 /out/work /work
COPY --from=build /out/logferry /logferry
# What is fetched and not yet committed: a volume keeps it for the next run.
ENV XDG_CACHE_HOME=/spool HOME=/work
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["/logferry"]
CMD ["apply"]
