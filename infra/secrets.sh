#!/usr/bin/env bash
# Makes the secrets of production that can be made up, and empty files for those that come from vendors.
# What is there stays as it is.      infra/secrets.sh [infra/secrets]
set -euo pipefail
export LC_ALL=C
folder="${1:-$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/secrets}"
mkdir -p "$folder"
chmod 700 "$folder"
random() { head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
keep() { [ -e "$folder/$1" ] || printf '%s' "$2" >"$folder/$1"; }

keep postgres_password "$(random)"
keep database_url "postgresql://storybook:$(cat "$folder/postgres_password")@postgres:5432/storybook"
keep redis_url redis://limits:6379/0
keep celery_broker_url redis://broker:6379/0
keep user_key_pepper "$(random)"
keep access_token_secret "$(random)"
keep metrics_token "$(random)"
keep grafana_password "$(random | head -c 24)"
keep ops_token ""
keep alert_webhook ""
keep s3_access_key "storybook-$(random | head -c 12)"
keep s3_secret_key "$(random | head -c 40)"
keep access_token_secret_previous ""
keep otel_exporter_otlp_headers ""
for vendor in llm llm_fallback image image_fallback tts tts_fallback sight moderation moderation_judge; do
  keep "${vendor}_api_key" ""
done
for given in apple_private_key apple_private_key.p8 AppleRootCA-G3.cer google_service_account.json; do keep "$given" ""; done
find "$folder" -type f ! -name README.md -exec chmod 444 {} +
echo "The secrets are in $folder. Keep a copy of user_key_pepper where it cannot be lost."
