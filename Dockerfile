# The image that GitLab, Jenkins and others run loggate in: docs/gitlab.md, docs/jenkins.md.
#
# The bases can be replaced by a mirror's or by one's own: --build-arg BASE=…
ARG GO=docker.io/library/golang:1.26.8-bookworm@sha256:a688600ca24f8a4d3ca77f95b0dd40704a9fc787c826660eb7ba0b641b8b175d
# A base with a shell: GitLab's runner pipes a job's script into sh, and Jenkins
# keeps a container alive with cat. A distroless image can do neither.
ARG BASE=docker.io/library/alpine:3.24.1@sha256:28bd5fe8b56d1bd048e5babf5b10710ebe0bae67db86916198a6eec434943f8b

# Go cross-compiles: nothing of another architecture is ever run here.
FROM --platform=$BUILDPLATFORM $GO AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
# With .git in the context, Go notes version and commit in the binary.
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags='-s -w' -o /image/usr/local/bin/loggate .
RUN mkdir -p /image/etc/ssl/certs /image/usr/share/doc/loggate \
 && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
 && cp LICENSE /image/usr/share/doc/loggate/ \
 && mkdir -m 1777 /image/work

FROM $BASE
LABEL org.opencontainers.image.title=loggate \
      org.opencontainers.image.description="Fetches the full logs of CodeArts builds, says why they failed, gates the release" \
      org.opencontainers.image.source=https://github.com/loggate/loggate \
      org.opencontainers.image.licenses=Apache-2.0
COPY --from=build /image/ /
# 1001 is the user of GitHub's runners, so that a workspace of theirs can be
# written. Any other id does as well: nothing in here belongs to a user.
USER 1001:1001
ENV HOME=/tmp
WORKDIR /work
# No entrypoint: what a CI system starts is what runs.
CMD ["loggate"]
