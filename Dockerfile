# Two stages: the first has pip and the build tools, the second only Python, the installed packages and a user of
# its own. A project folder is mounted at /project:
#
#   docker build -t stolon .
#   docker run --rm -p 8000:8000 -v "$PWD/my-project:/project:ro" stolon
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# The pins alone first: this layer stays in the builder's cache until they change.
COPY requirements/ requirements/
RUN python -m venv --without-pip /opt/stolon \
 && python -m pip install --require-hashes --no-deps --only-binary :all: -r requirements/build.txt \
 && python -m pip --python /opt/stolon/bin/python install \
        --require-hashes --no-deps --only-binary :all: -r requirements/run.txt
COPY . .
RUN python -m pip wheel --no-deps --no-build-isolation --no-index --wheel-dir /dist . \
 && python -m pip --python /opt/stolon/bin/python install --no-deps --no-index /dist/*.whl \
 && /opt/stolon/bin/python -m compileall -q /opt/stolon/lib

FROM python:${PYTHON}-slim
ENV PATH=/opt/stolon/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin stolon
COPY --from=build /opt/stolon /opt/stolon
USER 10001
WORKDIR /project
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["python", "-c", \
    "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/live', timeout=2)"]
ENTRYPOINT ["stolon"]
CMD ["serve", "--project", "/project", "--host", "0.0.0.0", "--port", "8000"]
