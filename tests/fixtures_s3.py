"""A real S3 server on loopback, in a thread of the test process."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.config import Config
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

from storybook.storage.base import new_token
from storybook.storage.s3 import S3Storage

ACCESS_KEY = "AKIAEXAMPLEOFATEST00"
SECRET_KEY = "a secret that no message may repeat"


class S3Server(NamedTuple):
    """Each call to `bucket_name` is a bucket that is not there yet."""

    endpoint: str

    def bucket_name(self) -> str:
        return "test-" + new_token().lower().replace("_", "0").replace("-", "1")

    def storage(self, bucket: str, *, region: str = "us-east-1") -> S3Storage:
        return S3Storage(
            endpoint=self.endpoint,
            access_key=ACCESS_KEY,
            secret_key=SECRET_KEY,
            bucket=bucket,
            public_url=f"{self.endpoint}/{bucket}",
            region=region,
        )

    def client(self) -> Any:
        """A client of the bucket's owner, to look behind the seam."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}),
        )

    def fill(self, bucket: str, keys: list[str]) -> None:
        """Puts small objects into the bucket behind the server's back, as thousands of requests take too long."""
        backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        for key in keys:
            backend.put_object(bucket, key, b"1")


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield S3Server(f"http://{host}:{port}")
    server.stop()
