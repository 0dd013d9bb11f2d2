# Engrenages: slim, not root, with a health check. The database is a server of its own (see compose.yaml).
FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements/base.txt requirements/base.txt
RUN python -m venv /opt/engrenages \
    && /opt/engrenages/bin/pip install --no-cache-dir --require-hashes -r requirements/base.txt
COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY migrations migrations
RUN /opt/engrenages/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --create-home --uid 10001 engrenages \
    && install -d -o engrenages -g engrenages /var/lib/engrenages
COPY --from=build /opt/engrenages /opt/engrenages
ENV PATH=/opt/engrenages/bin:$PATH PYTHONUNBUFFERED=1 ENGRENAGES_DATA_DIR=/var/lib/engrenages
USER engrenages
VOLUME /var/lib/engrenages
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=4)"]
CMD ["engrenages", "serve", "--host", "0.0.0.0", "--workers", "2"]
