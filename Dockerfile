# The image: Debian's Python, one venv that holds Stolon and its pinned packages, and a user without rights. There is
# no pip and no compiler in it, and nothing in it is written to while it runs. A project is mounted at /project:
#
#   docker build --tag stolon .
#   docker run --rm --read-only --cap-drop ALL --security-opt no-new-privileges \
#       --publish 8000:8000 --volume "$PWD/my-project:/project:ro" stolon
#
# Running requests have 30 seconds to end after SIGTERM: `docker stop --time 40`. Leave the port inside at 8000, which
# is what the health check asks, and choose another outside.
#
# scripts/image-root takes these very steps in an empty root where there is no engine; `make check` lints this file.
ARG DEBIAN=trixie

# What both stages stand on, so that the packages are installed for the very Python that will run them. Its fixes
# come with a rebuild: a version pinned here would be gone from the archive with the next one.
FROM debian:${DEBIAN}-slim AS python
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates python3 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/apt /var/log/*.log

FROM python AS build
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends binutils python3-venv
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_COMPILE=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# The pins alone first: this layer stays in the builder's cache until they change. pip and setuptools have a venv of
# their own, which stays behind.
COPY requirements/build.txt requirements/run.txt requirements/
RUN python3 -m venv /opt/build \
 && python3 -m venv --without-pip /opt/stolon \
 && /opt/build/bin/pip install --require-hashes --no-deps --only-binary :all: -r requirements/build.txt \
 && /opt/build/bin/pip --python /opt/stolon/bin/python install \
        --require-hashes --no-deps --only-binary :all: -r requirements/run.txt
COPY . .
# Of the venv only what serves stays, without the debugger's tables (a fifth of it). Compiled here, as no one may write
# later; unchecked, so that no copying of files makes it stale.
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --no-index --wheel-dir /dist . \
 && /opt/build/bin/pip --python /opt/stolon/bin/python install --no-deps --no-index /dist/*.whl \
 && find /opt/stolon/bin -mindepth 1 ! -name stolon ! -name 'python*' -delete \
 && find /opt/stolon/lib -name '*.so' -exec strip --strip-debug {} + \
 && /opt/stolon/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/stolon/lib

FROM python
RUN groupadd --system --gid 10001 stolon \
 && useradd --system --uid 10001 --gid 10001 --no-log-init --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin stolon
COPY --from=build /opt/stolon /opt/stolon
# The project's folder is the working folder: no module in it may stand in for one of Python's (SAFEPATH).
ENV PATH=/opt/stolon/bin:$PATH \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONSAFEPATH=1 PYTHONNOUSERSITE=1 PYTHONFAULTHANDLER=1
WORKDIR /project
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# The standard library alone, without site, without the project's folder on its path, and past any proxy.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["python", "-I", "-S", "-c", \
    "import http.client as h, sys; c = h.HTTPConnection('127.0.0.1', 8000, timeout=2); c.request('GET', '/health/live'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["stolon"]
CMD ["serve", "--project", "/project", "--host", "0.0.0.0", "--port", "8000"]
# Last, as the revision is another with every build.
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Stolon" \
      org.opencontainers.image.description="A GraphQL federation layer over REST services" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="MIT"
