# NIJA in a container. Everything it writes goes to /data, so the rest of the file system may be read-only:
#   docker build -t nija . && docker run --rm --read-only -v nija-data:/data nija
# Without credentials that is the demo. Credentials come from the environment, never from the image.

FROM python:3.11-slim-bookworm AS build
ENV PATH=/opt/nija/bin:$PATH
WORKDIR /src
RUN python -m venv /opt/nija && mkdir -m 0700 /data
COPY requirements.txt ./
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY brokers brokers
COPY accounts accounts
COPY nija nija
RUN pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="NIJA" \
      org.opencontainers.image.description="One daemon that trades many exchange accounts at once, on Kraken and Coinbase Advanced" \
      org.opencontainers.image.licenses="MIT"
ENV PATH=/opt/nija/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/data \
    TMPDIR=/data \
    NIJA_DATA_DIR=/data \
    NIJA_LOG_FILE=/data/nija.log
COPY --from=build /opt/nija /opt/nija
COPY --from=build --chown=1000:1000 /data /data
WORKDIR /app
# nija.toml is yours to add; without one every default holds. The scripts are those of the setup guide.
COPY LICENSE nija.tom[l] *.py ./
USER 1000:1000
STOPSIGNAL SIGTERM
# Healthy means that work was done lately, not that the process exists.
HEALTHCHECK --interval=60s --timeout=15s --start-period=180s --retries=3 \
    CMD ["python", "-m", "nija.health.check"]
ENTRYPOINT ["python", "-m", "nija"]
CMD ["run"]
