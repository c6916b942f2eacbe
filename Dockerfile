# Fluxor for any container host: the same image runs web, worker, cron and the release step (docs/deploy.md).
# `python -m devtools.image` runs these steps one by one without a container engine.

FROM node:22-slim AS assets
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci

FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /opt/venv
COPY requirements.txt ./
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes --requirement requirements.txt
COPY --from=assets /src/node_modules ./node_modules
COPY package-lock.json ./
COPY devtools ./devtools
COPY app ./app
RUN /opt/venv/bin/python -m devtools.assets && /opt/venv/bin/python -m devtools.translations

FROM python:3.13-slim
# LightGBM's wheel needs OpenMP's runtime, which slim images lack.
RUN apt-get update && apt-get install --yes --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --no-create-home fluxor
WORKDIR /srv/fluxor
COPY --from=build /opt/venv /opt/venv
COPY wsgi.py shopify.app.toml ./
COPY migrations ./migrations
COPY --from=build /src/app ./app
# Nothing is written beside the code; libraries keep their scratch files in /tmp.
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp MPLCONFIGDIR=/tmp PORT=8000
USER fluxor
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=4)"]
CMD ["sh", "-c", "exec gunicorn wsgi:app --bind 0.0.0.0:$PORT --worker-class gthread --workers ${WEB_CONCURRENCY:-2} --threads 8 --timeout 30 --graceful-timeout 8 --no-control-socket"]
