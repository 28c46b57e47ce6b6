# syntax=docker/dockerfile:1
# One image for the whole service; the command chooses the part: api, worker, beat or migrate (scripts/image/entry.sh).
ARG PYTHON_IMAGE=python:3.13.16-slim-trixie

FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
COPY requirements.lock pyproject.toml README.md ./
COPY scripts scripts
COPY alembic alembic
COPY prompts prompts
COPY src src
RUN scripts/image/build.sh /opt/storybook

FROM ${PYTHON_IMAGE}
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin storybook \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=build /opt/storybook /opt/storybook
COPY LICENSE README.md /opt/storybook/
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    STORYBOOK_DATA_DIR=/data
WORKDIR /tmp
USER 10001:10001
# Everything else may be read-only: /tmp wants a tmpfs, /data a volume where files are kept on disk.
VOLUME ["/data"]
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["/opt/storybook/storybook/scripts/image/entry.sh", "health"]
ENTRYPOINT ["/opt/storybook/storybook/scripts/image/entry.sh"]
CMD ["api"]
