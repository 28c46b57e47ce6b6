#!/bin/sh
# Fills in the template and starts nginx in the foreground, as whoever runs this; `start.sh -t` only tests it.
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
: "${NGINX_API_1:?the host and port of the first API}" "${NGINX_API_2:?the host and port of the second API}"
: "${NGINX_CERTIFICATE:?the file of the certificate}" "${NGINX_CERTIFICATE_KEY:?the file of its key}"
export NGINX_RUN_DIR="${NGINX_RUN_DIR:-/tmp/nginx}" NGINX_ACCESS_LOG="${NGINX_ACCESS_LOG:-/dev/stdout}"
export NGINX_HTTP_PORT="${NGINX_HTTP_PORT:-8080}" NGINX_HTTPS_PORT="${NGINX_HTTPS_PORT:-8443}"
export NGINX_HTTPS_SUFFIX="${NGINX_HTTPS_SUFFIX:-}"
export NGINX_FILES="${NGINX_FILES:-127.0.0.1:9000}" NGINX_BUCKET="${NGINX_BUCKET:-${S3_BUCKET:-storybook}}"
export NGINX_ACME_DIR="${NGINX_ACME_DIR:-/var/www/acme}"
export NGINX_CALLS_PER_SECOND="${NGINX_CALLS_PER_SECOND:-100}"
# Each site once, as nginx does not start with one twice. Whatever cannot be a site is left out.
NGINX_ORIGINS="$(printf '%s\n' "${CORS_ORIGINS:-}" | tr ',' '\n' |
  sed -n 's|^ *\(https\{0,1\}://[][A-Za-z0-9._:-]*\) *$|"\1" "\1";|p' | sort -fu)"
export NGINX_ORIGINS
# Nobody, unless a load balancer or a CDN stands before this.
export NGINX_PROXY_BEFORE="${NGINX_PROXY_BEFORE:-0.0.0.0/32}"

# HTTP/2 is said in another way since nginx 1.25.1, which warns of the one before.
version="$(nginx -v 2>&1 | sed 's|.*/\([0-9.]*\).*|\1|')"
if [ "$(printf '%s\n' 1.25.1 "$version" | sort -V | head -n 1)" = 1.25.1 ]; then
  export NGINX_HTTP2="http2 on;" NGINX_HTTP2_LISTEN=""
else
  export NGINX_HTTP2="" NGINX_HTTP2_LISTEN=" http2"
fi

names="$(env | sed -n 's/^\(NGINX_[A-Z0-9_]*\)=.*/${\1}/p' | tr '\n' ' ')"
mkdir -p "$NGINX_RUN_DIR"
envsubst "$names" <"${NGINX_TEMPLATE:-$here/nginx.conf.template}" >"$NGINX_RUN_DIR/nginx.conf"
exec nginx -e stderr -c "$NGINX_RUN_DIR/nginx.conf" -g "daemon off;" "$@"
