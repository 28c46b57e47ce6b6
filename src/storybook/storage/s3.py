"""Storage in a bucket of Amazon S3 or of anything that speaks its language (MinIO, R2 ...)."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from storybook.core.endings import to_its_end
from storybook.core.errors import ObjectMissing, SetupError, StorageError
from storybook.storage.base import (
    FOR_EVER,
    PAGE,
    StoredObject,
    media_type_of,
    require_media_type,
    require_safe_key,
    require_safe_prefix,
)
from storybook.storage.threads import THREADS, Threads

_Result = TypeVar("_Result")

_CHECK = "check/storybook.json"  # the same for all, so that the next check removes what a killed one left behind
_HOME_REGION = "us-east-1"  # the one region that must not be named when a bucket is made
_STOP_SECONDS = 0.5  # whoever is stopped does not wait for a server that hangs; what arrives later was announced
_MISSING_BUCKET = {"NoSuchBucket", "404"}
_MISSING_OBJECT = {"NoSuchKey", *_MISSING_BUCKET}
_REFUSED_KEYS = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthorizationHeaderMalformed", "401"}
_FORBIDDEN = {"AccessDenied", "AllAccessDisabled", "403"}


class S3Storage:
    """Objects in `bucket`, which is made when missing: anybody may then read an object by its name, nobody may list.

    A bucket that is already there keeps its policy, so its objects must be readable below `public_url` by other means.
    `endpoint` is None for Amazon's own. SetupError when an argument cannot be right; the server is not asked yet.
    """

    def __init__(
        self, *, endpoint: str | None, access_key: str, secret_key: str, bucket: str, public_url: str, region: str
    ) -> None:
        self._bucket = bucket
        self._public_url = public_url.rstrip("/")
        self._region = region
        self._threads = Threads("s3")
        try:
            self._client: Any = Session().client(
                "s3",
                endpoint_url=endpoint,
                aws_access_key_id=access_key,
                aws_secret_access_key=secret_key,
                region_name=region,
                config=_config(),
            )
        except (BotoCoreError, ValueError) as error:
            raise SetupError("The bucket cannot be used: S3_ENDPOINT must be a URL and S3_REGION a region.") from error

    async def put(self, key: str, data: bytes, media_type: str) -> None:
        require_media_type(key, media_type)
        await self._to_its_end(lambda: self._put(key, data, media_type))

    async def get(self, key: str) -> StoredObject:
        media_type = media_type_of(key)
        return StoredObject(await self._call(lambda: self._get(key)), media_type)

    async def delete(self, key: str) -> None:
        require_safe_key(key)
        await self._to_its_end(lambda: self._client.delete_object(Bucket=self._bucket, Key=key))

    async def delete_prefix(self, prefix: str) -> int:
        folder = require_safe_prefix(prefix)
        return await self._to_its_end(lambda: self._delete_below(folder))

    async def keys(self, after: str = "") -> list[str]:
        return await self._call(lambda: [found["Key"] for found in self._listed("", after)])

    async def remove_left_behind(self) -> int:
        return 0  # an object is there whole or not at all

    async def check(self) -> None:
        await self._to_its_end(self._write_and_remove)

    def url(self, key: str) -> str:
        require_safe_key(key)
        return f"{self._public_url}/{key}"

    async def close(self) -> None:
        self._threads.close()
        self._client.close()

    async def _to_its_end(self, work: Callable[[], _Result]) -> _Result:
        return await to_its_end(self._call(work), _STOP_SECONDS)

    async def _call(self, work: Callable[[], _Result]) -> _Result:
        try:
            return await self._threads.run(work)
        except (ClientError, BotoCoreError) as error:
            raise self._storage_error(error) from error

    def _put(self, key: str, data: bytes, media_type: str) -> None:
        what = {"Bucket": self._bucket, "Key": key, "Body": data, "ContentType": media_type, "CacheControl": FOR_EVER}
        try:
            self._client.put_object(**what)
        except ClientError as error:
            if _code(error) not in _MISSING_BUCKET:
                raise
            self._make_bucket()
            self._client.put_object(**what)

    def _get(self, key: str) -> bytes:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if _code(error) in _MISSING_OBJECT:
                raise ObjectMissing(f"There is no object {key}.") from None
            raise
        with answer["Body"] as body:
            data: bytes = body.read()
        return data

    def _delete_below(self, folder: str) -> int:
        gone = 0
        while keys := self._first_keys(folder):
            answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": keys, "Quiet": True})
            if answer.get("Errors"):
                raise StorageError(f"Some objects below {folder} in the bucket {self._bucket} cannot be deleted.")
            gone += len(keys)
        return gone

    def _first_keys(self, folder: str) -> list[dict[str, str]]:
        return [{"Key": found["Key"]} for found in self._listed(folder)]

    def _listed(self, folder: str, after: str = "") -> list[dict[str, str]]:
        try:
            answer = self._client.list_objects_v2(Bucket=self._bucket, Prefix=folder, StartAfter=after, MaxKeys=PAGE)
        except ClientError as error:
            if _code(error) in _MISSING_BUCKET:
                return []
            raise
        found: list[dict[str, str]] = answer.get("Contents", [])
        return found

    def _write_and_remove(self) -> None:
        self._put(_CHECK, b"{}", "application/json")
        self._client.delete_object(Bucket=self._bucket, Key=_CHECK)

    def _make_bucket(self) -> None:
        """Two services may come here at once: the second finds the bucket there and makes it readable once more."""
        where: dict[str, Any] = {}
        if self._region != _HOME_REGION:
            where["CreateBucketConfiguration"] = {"LocationConstraint": self._region}
        try:
            self._client.create_bucket(Bucket=self._bucket, **where)
        except ClientError as error:
            if _code(error) != "BucketAlreadyOwnedByYou":
                raise
        try:
            self._let_anybody_read()
        except (ClientError, BotoCoreError):
            # Left standing, the bucket would pass for one whose owner takes care of who may read.
            with suppress(ClientError, BotoCoreError):
                self._client.delete_bucket(Bucket=self._bucket)
            raise

    def _let_anybody_read(self) -> None:
        with suppress(ClientError):  # Amazon forbids public policies unless told otherwise; others do not know the call
            self._client.put_public_access_block(
                Bucket=self._bucket,
                PublicAccessBlockConfiguration={
                    "BlockPublicAcls": True,
                    "IgnorePublicAcls": True,
                    "BlockPublicPolicy": False,
                    "RestrictPublicBuckets": False,
                },
            )
        reading = {
            "Effect": "Allow",
            "Principal": {"AWS": ["*"]},
            "Action": ["s3:GetObject"],
            "Resource": [f"arn:aws:s3:::{self._bucket}/*"],
        }
        policy = {"Version": "2012-10-17", "Statement": [reading]}
        self._client.put_bucket_policy(Bucket=self._bucket, Policy=json.dumps(policy))

    def _storage_error(self, error: ClientError | BotoCoreError) -> StorageError:
        bucket = f"The bucket {self._bucket}"
        if not isinstance(error, ClientError):
            return StorageError(
                f"{bucket} cannot be reached ({type(error).__name__}): are S3_ENDPOINT and S3_BUCKET right?"
            )
        code = _code(error)
        if code in _REFUSED_KEYS:
            return StorageError(f"{bucket} refuses our keys: are S3_ACCESS_KEY, S3_SECRET_KEY and S3_REGION right?")
        if code in _FORBIDDEN:
            return StorageError(f"{bucket} does not let these keys do it: they need to read, write, list and delete.")
        return StorageError(f"{bucket} failed ({code}).")


def _config() -> Config:
    return Config(
        connect_timeout=3,
        read_timeout=20,
        retries={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=THREADS,
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        # Other makers' servers do not all know the newer checksums.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))
